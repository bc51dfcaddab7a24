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

/** Replaces the non-ASCII characters in our own texts, for terminals that cannot show them. */
export const asciiOnly = (text: string): string =>
  text.replaceAll(SPECIAL, (character) => PLAIN[character] ?? character)
