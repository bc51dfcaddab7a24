const PLAIN: { readonly [character: string]: string } = {
  '→': '->',
  '–': '-',
  '…': '...',
  '·': '|',
  µ: 'u',
  '×': 'x',
  Δ: 'delta',
  '±': '+-',
  '✔': '+',
  '✘': 'x',
  '•': '-',
  '⚠': '!',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  '│': '|',
  '─': '-',
  '▒': '#',
  '⋮': ':',
}
const SPECIAL = new RegExp(Object.keys(PLAIN).join('|'), 'gu')

/** Replaces chaos's non-ASCII characters, for terminals that cannot display them. */
export const asciiOnly = (text: string): string =>
  text.replaceAll(SPECIAL, (character) => PLAIN[character] ?? character)
