import type { Comparison } from '../comparison.ts'
import { levelSigns, signOf } from '../comparison-words.ts'
import { type Html, html } from './markup.ts'

/** Returns the sign of a level, from a full disc to a slashed ring, or a question mark. */
export const glyph = (level: string): Html =>
  html`<svg class="glyph" viewBox="-8 -8 16 16" aria-hidden="true">${glyphShape(level)}</svg>`

/** Returns the shapes of a level's symbol. The caller puts them into a larger SVG drawing. */
export function glyphShape(level: string): Html {
  const ring = html`<circle class="ring" r="6"/>`
  switch (signOf(level)) {
    case '●':
      return html`<circle class="ring ink" r="6"/>`
    case '⊖':
      return html`<circle class="ring ink" r="6"/><path class="slit" d="M-6 0H6"/>`
    case '◑':
      return html`${ring}<path class="ink" d="M0-6A6 6 0 0 0 0 6Z"/>`
    case '◔':
      return html`${ring}<path class="ink" d="M0 0V-6A6 6 0 0 0-6 0Z"/>`
    case '○':
      return ring
    case '⊘':
      return html`${ring}<path class="slash" d="M-5 5 5-5"/>`
    default:
      return html`<text x="0" y="5" class="mid">?</text>`
  }
}

export const glyphKey = (comparison: Comparison): Html =>
  html`<p class="key">${levelSigns(comparison).map(({ name, levels }) => html`<span>${glyph(levels[0] ?? '')} ${name}</span>`)}</p>`
