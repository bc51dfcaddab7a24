import type { CodePlace, CodeStep, RaceTurn } from './code-run.ts'

/** A request that runs on and off for longer is no drawing any more. */
const MOST_TURNS = 16

/** What one request ran, turn by turn: all that it did at one time. */
export function turnsOf(steps: readonly CodeStep[]): RaceTurn[] {
  const times = [...new Set(steps.map(({ at }) => at))].slice(0, MOST_TURNS)
  return times.map((at, i): RaceTurn => {
    const turn = steps.filter((step) => step.at === at)
    const left = innermostLeft(turn)
    const to = times[i + 1]
    return {
      ...{ at, places: placesIn(turn) },
      ...(left === undefined || to === undefined ? {} : { waits: { file: left.file, line: left.line, to } }),
    }
  })
}

function placesIn(turn: readonly CodeStep[]): CodePlace[] {
  const found = new Map(turn.map(({ file, line }) => [`${file}:${line}`, { file, line }] as const))
  return [...found.values()]
}

/** The first await that is left, and not taken up again in this turn: those around it are left after it. */
function innermostLeft(turn: readonly CodeStep[]): CodeStep | undefined {
  return turn.find(
    ({ type, site }, place) =>
      type === 'gone' && !turn.slice(place + 1).some((later) => later.type === 'back' && later.site === site),
  )
}
