import type { CodePlace, LineTimes, Race, RaceRow, RaceTurn } from '../race/code-run.ts'
import { millisText, overtakenText, possessive, RACE_TITLE, raceSentence, timesText } from '../race/race-words.ts'
import { type Html, html, scrollOf, sectionOf, svgRect, svgText, td } from './markup.ts'

/** Renders the lines of two racing requests with their times, and the requests as lanes. */
export function raceSection(race: Race | undefined): Html | undefined {
  if (race === undefined) return undefined
  const { sentence, overtaken, by, rows } = race
  return sectionOf(
    'race',
    RACE_TITLE,
    html`<p class="race-said">${sentence}</p><div class="race">${scrollOf('Source lines, scrolls sideways', html`<table class="src"><caption class="sr">Source with the times at which each request ran each line</caption><thead><tr><th scope="col"><span class="who overtaken">${possessive(overtaken.request)}</span>, ms</th><th scope="col"><span class="who">${possessive(by.request)}</span>, ms</th><th scope="col"><span class="sr">Line</span></th><th scope="col">${overtaken.file}</th></tr></thead><tbody>${rows.map((row, i) => rowHtml(race, row, rows[i - 1]))}</tbody></table>`)}${scrollOf('Drawing of the race', raceSvg(race))}</div>`,
  )
}

function rowHtml(race: Race, row: RaceRow, before: RaceRow | undefined): Html {
  const isOfOther = row.file !== (before?.file ?? race.overtaken.file)
  const gap = isOfOther ? row.file : row.isAfterGap ? '…' : undefined
  const note =
    row.isOvertaken &&
    html`<tr class="overtaken note-row"><td colspan="3"></td><td class="code"><span class="why">↑ ${overtakenText(race)}</span></td></tr>`
  return html`${gap !== undefined && noteRow(gap)}<tr${row.isOvertaken && html` class="overtaken"`}>${times(row.overtaken)}${times(row.by)}${td(String(row.line), 'line')}${td(row.text.replaceAll('\t', '  '), 'code')}</tr>${(row.sql ?? []).map(noteRow)}${note}`
}

/** Returns a row with a text beside the code. */
const noteRow = (text: string): Html => html`<tr class="gap"><td colspan="3"></td>${td(text, 'code')}</tr>`

const times = (ran: LineTimes | undefined): Html => td(timesText(ran, '→', '…'), 'times')

export const raceStyles = `
.race{display:grid;grid-template-columns:minmax(0,7fr) minmax(0,4fr);gap:28px}.race-said{font-weight:600;max-width:60em;margin-bottom:12px;overflow-wrap:anywhere}
.src{border-collapse:collapse;width:100%;font:13px/22px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.src th,.src td{padding:0 8px 0 0;text-align:left;vertical-align:top;font-weight:400}.src thead th{font:13px/20px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--ink2);border-bottom:1px solid var(--line2);padding-bottom:3px}
.src .times{width:92px;font-size:12px;white-space:nowrap;font-variant-numeric:tabular-nums}.src .line{width:32px;color:var(--ink2);text-align:right;padding-right:10px;font-size:12px}.src .code{white-space:pre-wrap;overflow-wrap:anywhere;padding-left:10px}.src .gap td{color:var(--ink2)}
.src tr.overtaken td{background:var(--tint)}.src tr.overtaken .code{box-shadow:inset 3px 0 var(--accent)}.src .why{font:600 13px/20px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:var(--accent)}
.who{font-weight:620;color:var(--ink)}
.race-picture{display:block;width:100%;min-width:300px;max-width:460px;height:auto}.race-turn{fill:var(--page);stroke:var(--data);stroke-width:1.6}.race-turn.one{fill:var(--data)}svg text.on-one{fill:var(--page)}.race-wait{fill:var(--d1);stroke:var(--d2)}.race-wait.overtaken{fill:var(--tint);stroke:var(--accent)}svg .race-note{fill:var(--accent);font-weight:620}
@media print,(max-width:900px){.race{grid-template-columns:minmax(0,1fr)}}
`

const WIDTH = 460
const LANES = [150, 345] as const
const TURN_WIDTH = 150
const TURN_HEIGHT = 22
const WAIT_WIDTH = 8
const ROW = 40
const TOP = 34

const MOST_LINES = 4

interface DrawnTurn {
  readonly turn: RaceTurn
  readonly lane: 0 | 1
  readonly row: number
}

/** Draws the two requests as lanes with time downwards, and marks the overtaken await. */
function raceSvg(race: Race): Html {
  const { overtaken, by, turns } = race
  const drawn = [turns.overtaken, turns.by]
    .flatMap((each, lane) => each.map((turn) => ({ turn, lane: lane as 0 | 1 })))
    .sort((one, other) => one.turn.at - other.turn.at || one.lane - other.lane)
    .map((each, row): DrawnTurn => ({ ...each, row }))
  const height = TOP + drawn.length * ROW
  return html`<svg class="race-picture" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${raceSentence(race)}">${svgText('t2', 0, 14, 'ms')}${[
    overtaken,
    by,
  ].map(({ request }, lane) =>
    svgText('row-name mid', LANES[lane] ?? 0, 14, possessive(request)),
  )}${drawn.map((each) => waitHtml(race, each, drawn))}${drawn.map((each) => turnHtml(race, each))}</svg>`
}

const middleOf = (row: number): number => TOP + row * ROW

function turnHtml({ overtaken }: Race, { turn, lane, row }: DrawnTurn): Html {
  const y = middleOf(row)
  const x = LANES[lane]
  const isOne = lane === 0
  return html`${svgText('t2', 0, y + 4, millisText(turn.at))}<rect class="${isOne ? 'race-turn one' : 'race-turn'}" x="${x - TURN_WIDTH / 2}" y="${y - TURN_HEIGHT / 2}" width="${TURN_WIDTH}" height="${TURN_HEIGHT}" rx="3"/>${svgText(isOne ? 'mid on-one' : 'mid', x, y + 4, linesText(turn.places, overtaken.file))}`
}

/**
 * Returns the numbers of the lines of code that a request ran without interruption: `lines 16 17 7`. The name of the
 * file precedes the number of a line outside `main`.
 */
function linesText(places: readonly CodePlace[], main: string): string {
  const own = places.map(({ file, line }) => (file === main ? String(line) : `${file.split(/[\\/]/).pop()}:${line}`))
  const shown = own.length > MOST_LINES + 1 ? [...own.slice(0, 2), '…', ...own.slice(2 - MOST_LINES)] : own
  return `line${shown.length === 1 ? '' : 's'} ${shown.join(' ')}`
}

function waitHtml({ overtaken }: Race, { turn, lane, row }: DrawnTurn, drawn: readonly DrawnTurn[]): Html | undefined {
  const { waits } = turn
  const next = drawn.find((each) => each.lane === lane && each.row > row)
  if (waits === undefined || next === undefined) return undefined
  const [from, to] = [middleOf(row), middleOf(next.row)]
  // Whether this wait is the `await` that the other request overtook. A shorter wait within it, on the same line,
  // counts as well.
  const isOvertaken =
    lane === 0 &&
    waits.line === overtaken.lines[0] &&
    waits.file === overtaken.file &&
    turn.at >= overtaken.from &&
    (turn.waits?.to ?? 0) <= overtaken.to
  const text = `waits at line ${waits.line}`
  const x = LANES[lane] + WAIT_WIDTH
  return html`${svgRect(isOvertaken ? 'race-wait overtaken' : 'race-wait', LANES[lane] - WAIT_WIDTH / 2, from, WAIT_WIDTH, to - from)}${(to - from > ROW || isOvertaken) && svgText(isOvertaken ? 'race-note' : 't2', x, (from + to) / 2 + 4, text)}`
}
