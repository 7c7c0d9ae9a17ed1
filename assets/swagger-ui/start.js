// Starts Swagger UI on /v1/docs; a file of its own because the page's policy forbids inline scripts.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/v1/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    validatorUrl: null,
    requestInterceptor: (request) => Object.assign(request, { credentials: "same-origin" }),
  });
});
