import type { CodePlace, CodeRun, Race } from '@chaosproxy/report'

/** Where a debugger stops in a program that serves requests. */
export interface Stops {
  /** The statements and functions where the debugger may stop. If undefined, it may stop at every function. */
  readonly lines: readonly CodePlace[] | undefined
  /** Called when a request reaches one of `lines`. Returns true to stop the program. */
  readonly at: (request: string, place: CodePlace) => boolean
}

type Step = CodeRun['steps'][number]

/** Whether a debugger can stop at this step. It cannot stop in the middle of an expression. */
export const isStop = ({ type }: Pick<Step, 'type'>): boolean => type === 'enters' || type === 'at'

export interface Stop extends CodePlace {
  readonly request: string
  readonly nth: number
}

/**
 * Returns the stops of a debugger around an `await` of the request `overtaken`, during which another request overtook
 * it: at the statement that contains the `await`, and at the next statement of this request that runs after it.
 */
export function stopsAround({ overtaken }: Race, { steps }: CodeRun): readonly Stop[] {
  const { request, file, lines, from, to } = overtaken
  const own = steps.filter((step) => step.request === request.name && step.type !== 'sql')
  const gone = own.findIndex(
    (step) => step.type === 'gone' && step.at === from && step.file === file && step.line === lines[0],
  )
  const site = own[gone]?.site
  const back = own.findIndex((step, i) => i > gone && step.type === 'back' && step.site === site && step.at === to)
  const isBefore = (step: Step, i: number) => i < gone && isStop(step) && step.within === own[gone]?.within
  const places = [own.findLastIndex(isBefore), back < 0 ? -1 : own.findIndex((step, i) => i > back && isStop(step))]
  return places.flatMap((place) => stopAt(own, place))
}

function stopAt(own: readonly Step[], place: number): readonly Stop[] {
  const step = own[place]
  if (step === undefined) return []
  const { request, file, line } = step
  const nth = own.slice(0, place).filter((each) => isStop(each) && each.file === file && each.line === line).length
  return [{ request, file, line, nth }]
}

export function stopsOf(stops: readonly Stop[]): Stops {
  const counts = new Map<string, number>()
  return {
    lines: stops,
    at(request, { file, line }) {
      const place = `${request} ${file}:${line}`
      const nth = counts.get(place) ?? 0
      counts.set(place, nth + 1)
      return stops.some((stop) => `${stop.request} ${stop.file}:${stop.line}` === place && stop.nth === nth)
    },
  }
}

/**
 * Returns a `Stops` that stops the program once, at the first function that serves the given request. If `request` is
 * undefined, any request counts.
 */
export function stopAsItBegins(request: string | undefined): Stops {
  let stopped = false
  return {
    lines: undefined,
    at(serving) {
      if (stopped || (request !== undefined && serving !== request)) return false
      stopped = true
      return true
    },
  }
}
