import type { History } from '@chaosproxy/history'
import { linesOf } from '../operation-words.ts'
import type { Sheet, SheetRow } from '../sheets/sheet.ts'
import { type Html, html, scrollOf } from './markup.ts'

/** Renders a contradiction as a table. With a timeline, rows link to it. */
export function sheetTable(history: History, { title, columns, rows }: Sheet, hasTimeline: boolean): Html {
  const align = (i: number): Html | undefined => (columns[i]?.align === 'right' ? html` class="right"` : undefined)
  const cell = (row: SheetRow, text: string, i: number): Html => {
    const isWrong = row.wrong?.includes(i) === true
    const line = i === 0 && hasTimeline && row.operation !== undefined ? linesOf(history, row.operation)[0] : undefined
    const cellText = `${text}${isWrong && (columns[i]?.align === 'right' || i === row.wrong?.at(-1)) ? ' ✘' : ''}`
    const content =
      line === undefined ? cellText : html`<a href="#op=${line}" title="Show it in the timeline">${cellText}</a>`
    const inner = isWrong ? html`<span class="why-bad">${content}</span>` : content
    return i === 0 && text !== '' ? html`<th scope="row"${align(i)}>${inner}</th>` : html`<td${align(i)}>${inner}</td>`
  }
  return scrollOf(
    title,
    html`<table class="sheet"><caption>${title}</caption><thead><tr>${columns.map(({ title: name }, i) => html`<th scope="col"${align(i)}>${name}</th>`)}</tr></thead><tbody>${rows.map(
      (row) =>
        html`<tr class="${row.look ?? ''}${row.wrong === undefined || row.wrong.length === 0 ? '' : ' bad'}">${columns.map((_, i) => cell(row, row.cells[i] ?? '', i))}</tr>`,
    )}</tbody></table>`,
  )
}
