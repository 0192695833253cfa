/** Numbers and dates as people read them. */

const SHORT = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const DAY = 86_400;

/** A number of a field, or a date given as seconds since 1970 (UTC); times of day where the span is short. */
export function shown(value: number, kind: string, span: number): string {
  if (Number.isNaN(value)) return "–";
  if (kind !== "dates") return SHORT.format(value);
  const moment = new Date(value * 1000);
  if (Number.isNaN(moment.getTime())) return "–";
  const iso = moment.toISOString();
  return span < 3 * DAY ? iso.slice(0, 16).replace("T", " ") : iso.slice(0, 10);
}

/** A score, with as many digits as tell it from the next one. */
export function score(value: number): string {
  if (Number.isNaN(value)) return "";
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
