"""Type `s3`: a bucket of an S3-compatible service: AWS, R2, MinIO and the like."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import BaseUrl, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described


class S3Payload(Payload):
    """What an S3 connection carries."""

    endpoint: BaseUrl = Field(
        json_schema_extra=described(
            "Address of the service",
            "Endereço do serviço",
            "Without the bucket, for example https://s3.eu-central-1.amazonaws.com.",
            "Sem o bucket, por exemplo https://s3.sa-east-1.amazonaws.com.",
        )
    )
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", json_schema_extra=described("Bucket", "Bucket"))
    access_key: str = Field(
        pattern=r"^[\x21-\x7e]{1,256}$",
        json_schema_extra=described(
            "Access key", "Chave de acesso", "Its id; it is no secret.", "O id; não é segredo."
        ),
    )
    secret_key: Token = Field(json_schema_extra=described("Secret key", "Chave secreta", kind="password"))
    region: str = Field(
        "us-east-1",
        pattern=r"^[a-z0-9-]{1,64}$",
        json_schema_extra=described(
            "Region",
            "Região",
            "As the service names it; auto for R2.",
            "Como o serviço a chama; auto para R2.",
        ),
    )


S3 = ConnectionType(
    name="s3",
    title="S3",
    title_pt="S3",
    help="A bucket for backups, at any service that speaks S3.",
    help_pt="Um bucket para backups, em qualquer serviço que fale S3.",
    payload=S3Payload,
    place=lambda payload: place_of(payload.endpoint),
    policy=("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
)
