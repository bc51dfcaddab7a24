import type { CodePlace, Race, RaceTurn } from '../race/code-run.ts'
import { millisText, possessive, raceSentence } from '../race/race-words.ts'
import { type Html, html } from './markup.ts'

const WIDTH = 460
const LANES = [150, 345] as const
const TURN_WIDTH = 150
const TURN_HEIGHT = 22
const WAIT_WIDTH = 8
const ROW = 40
const TOP = 34

/** More lines than this do not fit a turn's box. */
const MOST_LINES = 4

/** A turn of one of the two, with the row that it is drawn in. */
interface DrawnTurn {
  readonly turn: RaceTurn
  readonly lane: 0 | 1
  readonly row: number
}

/** The two requests as lanes, turn by turn in the order of time, which runs down; the overtaken wait is marked. */
export function raceSvg(race: Race): Html {
  const { overtaken, by, turns } = race
  const drawn = [turns.overtaken, turns.by]
    .flatMap((each, lane) => each.map((turn) => ({ turn, lane: lane as 0 | 1 })))
    .sort((one, other) => one.turn.at - other.turn.at || one.lane - other.lane)
    .map((each, row): DrawnTurn => ({ ...each, row }))
  const height = TOP + drawn.length * ROW
  return html`<svg class="race-picture" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${raceSentence(race)}"><text class="t2" x="0" y="14">ms</text>${[
    overtaken,
    by,
  ].map(
    ({ request }, lane) =>
      html`<text class="row-name mid" x="${LANES[lane] ?? 0}" y="14">${possessive(request)}</text>`,
  )}${drawn.map((each) => waitHtml(race, each, drawn))}${drawn.map((each) => turnHtml(race, each))}</svg>`
}

const middleOf = (row: number): number => TOP + row * ROW

function turnHtml({ overtaken }: Race, { turn, lane, row }: DrawnTurn): Html {
  const y = middleOf(row)
  const x = LANES[lane]
  const isOne = lane === 0
  return html`<text class="t2" x="0" y="${y + 4}">${millisText(turn.at)}</text><rect class="${isOne ? 'race-turn one' : 'race-turn'}" x="${x - TURN_WIDTH / 2}" y="${y - TURN_HEIGHT / 2}" width="${TURN_WIDTH}" height="${TURN_HEIGHT}" rx="3"/><text class="${isOne ? 'mid on-one' : 'mid'}" x="${x}" y="${y + 4}">${linesText(turn.places, overtaken.file)}</text>`
}

/** `16 17 7`; lines of other files with their name. */
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
  const isOvertaken =
    lane === 0 && waits.line === overtaken.lines[0] && waits.file === overtaken.file && covers(turn, overtaken)
  const text = `waits at line ${waits.line}`
  const x = LANES[lane] + WAIT_WIDTH
  return html`<rect class="${isOvertaken ? 'race-wait overtaken' : 'race-wait'}" x="${LANES[lane] - WAIT_WIDTH / 2}" y="${from}" width="${WAIT_WIDTH}" height="${to - from}"/>${
    to - from > ROW || isOvertaken
      ? html`<text class="${isOvertaken ? 'race-note' : 't2'}" x="${x}" y="${(from + to) / 2 + 4}">${text}</text>`
      : undefined
  }`
}

/** Whether this turn left off at the overtaken await, or a shorter one within its time. */
const covers = ({ at, waits }: RaceTurn, overtaken: Race['overtaken']): boolean =>
  at >= overtaken.from && (waits?.to ?? 0) <= overtaken.to
