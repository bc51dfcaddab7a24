import { printable } from '../operation-words.ts'
import type { Next } from '../telling/next.ts'
import { stylesheet } from './stylesheet.ts'

/** Text that is already markup. All other text is escaped when it is inserted. */
export interface Html {
  readonly html: string
}

type Content = Html | string | number | readonly Content[] | false | undefined

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

/** Builds all markup. It escapes every text, so that no text of a history becomes markup. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  // `join` would copy the whole page at every level of its markup.
  let markup = parts[0] ?? ''
  for (let i = 1; i < parts.length; i++) markup += markupOf(contents[i - 1]) + (parts[i] ?? '')
  return { html: markup }
}

function markupOf(content: Content): string {
  if (content === undefined || content === false) return ''
  if (typeof content === 'string') return escapeHtml(content)
  if (typeof content === 'number') return String(Math.round(content * 100) / 100)
  if ('html' in content) return content.html
  return content.map(markupOf).join('')
}

export const round = (value: number): number => Math.round(value * 10) / 10

export const nextPart = ({ text, command }: Next): Html =>
  html`<p><b>Next</b> ${text}${command !== undefined && html` <code>${command}</code>`}</p>`

/** Marks text as markup; only for this package's own stylesheets and scripts. */
export const trusted = (markup: string): Html => ({ html: markup })

/**
 * Returns a `<script>` element. Does not use the template tag `html`, because bundlers rewrite `</script>` in tagged
 * templates.
 */
export const script = ({ html }: Html, attributes: string = ''): Html =>
  trusted(`<script${attributes}>${html}</script>`)

/** Returns JSON for a `<script>` element, with `</script>`, `<!--` and JavaScript's line terminators escaped. */
export const scriptJson = (value: unknown): Html =>
  trusted(
    JSON.stringify(value).replace(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  )

/** Returns the URL of a link to a path. The URL never names another scheme or host. */
export function fileLink(path: string): string {
  const parts = path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/^\/+/, '')
    .split('/')
  return `${path.startsWith('/') ? '/' : './'}${parts.map(encodeURIComponent).join('/')}`
}

/** The policy of a page on disk: nothing is loaded or sent. */
const POLICY = html`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`

/**
 * For a page from a server. The server sends a content security policy in a header. The empty icon keeps the browser
 * from requesting an icon.
 */
const SERVED = html`<link rel="icon" href="data:,">`

/** Returns the HTML of a page up to its body. `own`: the styles of this page. */
export const headOf = (
  title: string,
  own: string,
  { isServed = false }: { readonly isServed?: boolean | undefined } = {},
): Html =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="chaos"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">${isServed ? SERVED : POLICY}<title>${title}</title><style>${trusted(stylesheet)}${trusted(own)}</style></head>`

interface PageParts {
  readonly title: string
  readonly version: string
  readonly about: readonly Content[]
  /** The styles of this page. */
  readonly own: string
  readonly isServed?: boolean
  /** The attributes of the main part. */
  readonly main?: Content
  readonly code: string
}

/** Renders a complete page. */
export const pageOf = ({ title, version, about, own, isServed, main, code }: PageParts, content: Content): string =>
  html`${headOf(title, own, { isServed })}
<body>${topBar(version, about)}
<main${main}>
${content}
</main>${script(trusted(code))}</body></html>
`.html

/** Returns the first section of a page. */
export const titleSection = (title: string, standing: string): Html =>
  html`<section class="head"><h1>${title}</h1><p class="standing">${standing}</p></section>`

/** Returns the bar above a page: the program, the subject, and the buttons. */
export const topBar = (version: string, about: readonly Content[], buttons?: Content): Html =>
  html`<header class="top"><span><b>chaos</b> ${version}</span>${about.map((each) => each !== undefined && each !== false && html`<span>${each}</span>`)}<span class="buttons">${buttons}<button id="theme" type="button">Theme: auto</button></span></header>`

/** Returns a paragraph in small letters. */
export const note = (content: Content): Html => html`<p class="note">${content}</p>`

export const svgText = (look: string, x: number, y: number, content: Content): Html =>
  html`<text class="${look}" x="${x}" y="${y}">${content}</text>`

export const svgPath = (look: string, d: Content): Html => html`<path class="${look}" d="${d}"/>`

export const svgRect = (look: string, x: number, y: number, width: number, height: number): Html =>
  html`<rect class="${look}" x="${x}" y="${y}" width="${width}" height="${height}"/>`

/** Returns a collapsed section of a page. Only its summary is visible until the reader opens it. */
export const folded = (look: string, summary: Content, content: Content): Html =>
  html`<details class="${look}"><summary>${summary}</summary>${content}</details>`

export const listOf = (look: string, items: readonly string[]): Html =>
  html`<ul class="${look}">${items.map((item) => html`<li>${item}</li>`)}</ul>`

/** Returns the first cell of a table's row. */
export const rowTitle = (content: Content): Html => html`<th scope="row">${content}</th>`

/** Returns a cell of a table. `look`: its class, if it has one. */
export const td = (content: Content, look?: string): Html =>
  html`<td${look !== undefined && html` class="${look}"`}>${content}</td>`

/** Returns a table's row that begins with its title. */
export const rowOf = (title: Content, ...cells: readonly Html[]): Html => html`<tr>${rowTitle(title)}${cells}</tr>`

export const sectionOf = (id: string, title: string, content: Content): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`

/** Returns a part that scrolls sideways. `label`: its name for screen readers. */
export const scrollOf = (label: string, content: Content, look: string = 'scroll'): Html =>
  html`<div class="${look}" tabindex="0" role="region" aria-label="${label}">${content}</div>`

/** Returns a table that scrolls sideways. A title may be a complete `<th>` element. */
export const tableOf = (label: string, look: string, titles: readonly (string | Html)[], rows: Content): Html =>
  scrollOf(label, plainTable(titles, rows, look))

/** Returns a table. `look`: its class, if it has one. */
export const plainTable = (titles: readonly (string | Html)[], rows: Content, look?: string): Html =>
  html`<table${look !== undefined && html` class="${look}"`}><thead><tr>${titles.map(titleCell)}</tr></thead><tbody>${rows}</tbody></table>`

const titleCell = (title: string | Html): Html =>
  typeof title === 'string' || !title.html.startsWith('<th') ? html`<th scope="col">${title}</th>` : title

/**
 * Returns a table of names and values, without the rows whose value is `false`. `look` is the class of a row that
 * stands out.
 */
export const namedRows = (rows: readonly (readonly [name: string, value: Content, look?: string | false])[]): Html =>
  html`<table class="mini"><tbody>${rows.map(([name, value, look = false]) => value !== false && html`<tr${look !== false && html` class="${look}"`}>${rowTitle(name)}${td(value)}</tr>`)}</tbody></table>`
