// Language and theme as a choice on a page: applied here at once, and told so that the profile remembers them.
import { Segmented } from "./fields.jsx";
import { setLanguage, setTheme, useTheme } from "./prefs.js";
import { useText } from "./text.js";

export function LanguageChoice({ onChoose }) {
  const t = useText();
  const options = [
    { value: "pt-BR", label: "Português (Brasil)" },
    { value: "en", label: "English" },
  ];
  const pick = (value) => {
    setLanguage(value);
    onChoose(value);
  };
  return <Segmented label={t("settings.language")} value={t.language} options={options} onChange={pick} />;
}

export function ThemeChoice({ onChoose }) {
  const t = useText();
  const options = [
    { value: "dark", label: t("settings.dark") },
    { value: "light", label: t("settings.light") },
  ];
  const pick = (value) => {
    setTheme(value);
    onChoose(value);
  };
  return <Segmented label={t("shell.theme")} value={useTheme()} options={options} onChange={pick} />;
}
