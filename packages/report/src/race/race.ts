import { replacesWhole } from '@chaosproxy/history'
import type { CodePlace, CodeRun, CodeStep, Race, RaceTurn, RacingPart, RacingRequest } from './code-run.ts'
import { raceSentence } from './race-words.ts'
import { rowsOf } from './rows.ts'

interface Await {
  readonly request: RacingRequest
  readonly gone: number
  readonly back: number
}

interface Candidate {
  readonly waited: Await
  readonly by: RacingRequest
  /** The steps of the second request while the first request awaited. */
  readonly meanwhile: readonly CodeStep[]
  /** The step in which the request `by` changed the state that the waiting request had read. */
  readonly change: CodeStep
  readonly weight: number
}

/**
 * Returns the race that explains the contradiction best. In a race, one request reads some state before an await, and
 * changes something based on it afterwards. During the await, another request for the same key changes the state. A
 * race explains more if more steps of the other request ran during the await, and if more steps of the first request
 * ran after it. Without a race, no line is blamed.
 */
export function raceIn(run: CodeRun, requests: readonly RacingRequest[]): Race | undefined {
  const [best] = candidatesIn(run.steps, requests).sort((one, other) => other.weight - one.weight)
  return best && raceOf(best, run)
}

function candidatesIn(steps: readonly CodeStep[], requests: readonly RacingRequest[]): Candidate[] {
  const places = new Map(
    requests.map((request) => [
      request,
      steps.flatMap((step, place) => (step.request === request.name ? [place] : [])),
    ]),
  )
  const accused = requests.filter((request) => request.accused)
  const needed = accused.length === 0 ? requests : accused
  const startsOf = (some: readonly RacingRequest[]): readonly number[] =>
    some.map((request) => places.get(request)?.[0] ?? 0)
  // Returns an index into `steps`. A request that ends before this step does not explain the contradiction. The index
  // is at least the first step of the contradiction's earliest request, which already saw the effects of all earlier
  // steps. A request of the contradiction may overwrite the whole value that the waiting request is about. The index is
  // then also at least the first step of that overwrite: earlier steps do not explain why the overwriting value is
  // missing.
  const begunFor = ({ request }: Await): number =>
    Math.max(
      Math.min(...startsOf(needed)),
      ...startsOf(accused.filter(({ f, key }) => replacesWhole(f) && areAboutOne({ key }, request))),
    )
  // A step after the contradiction does not explain it.
  const ended = Math.max(...needed.map((request) => places.get(request)?.at(-1) ?? Number.POSITIVE_INFINITY))
  return awaitsIn(steps, requests).flatMap((waited) =>
    requests.flatMap((by): Candidate[] => {
      if (by === waited.request || !areAboutOne(by, waited.request)) return []
      const { gone, back } = waited
      const [its, own] = [places.get(by) ?? [], places.get(waited.request) ?? []]
      if ((own.at(-1) ?? 0) < begunFor(waited)) return []
      const meanwhile = its.filter((place) => place > gone && place < back)
      const { ground, change } = groundBetween(steps, {
        own: own.filter((place) => place <= ended),
        meanwhile,
        gone,
        back,
      })
      if (change === undefined) return []
      const progress = its.filter((place) => place < back).length / its.length
      const left = own.filter((place) => place >= back).length / own.length
      const much = progress * left * (1 + meanwhile.length / its.length) * causeWeight(by) * causeWeight(waited.request)
      const weight = much * ground
      const ran = meanwhile.flatMap((place) => steps[place] ?? [])
      return [{ waited, by, meanwhile: ran, change, weight }]
    }),
  )
}

interface Between {
  readonly own: readonly number[]
  readonly meanwhile: readonly number[]
  readonly gone: number
  readonly back: number
}

interface Ground {
  readonly ground: number
  /**
   * A step in which another request changed the state during the await. If possible, the step is in the function that
   * contains the await.
   */
  readonly change: CodeStep | undefined
}

/** Returns how much a change after the await depends on state that was read before the await and changed during it. */
function groundBetween(steps: readonly CodeStep[], { own, meanwhile, gone, back }: Between): Ground {
  // Returns the waiting request's steps after the await. Includes its SQL statements from before the end of the await,
  // because a statement takes effect while it is awaited. Excludes steps after a query that read the state again,
  // because they no longer depend on the old state.
  const after = (other: number, state: string): readonly CodeStep[] => {
    const isAgain = (place: number) =>
      place > other && steps[place]?.type === 'sql' && steps[place].reads.includes(state)
    const again = own.find(isAgain) ?? Number.POSITIVE_INFINITY
    return own.flatMap((place) => {
      const step = steps[place]
      const isAfter = step !== undefined && (place >= back || (step.type === 'sql' && place > other))
      return isAfter && place <= again ? [step] : []
    })
  }
  // Another server may carry out an awaited change at any time during the await.
  const at = own.findLast(
    (place) => place < gone && steps[place]?.type === 'at' && steps[place].within === steps[gone]?.within,
  )
  const step = steps[at ?? -1]
  let most: Ground = { ground: 0, change: undefined }
  for (const place of meanwhile)
    for (const state of steps[place]?.writes ?? []) {
      if (!own.some((each) => each < place && steps[each]?.reads.includes(state))) continue
      const maybe = step !== undefined && restsOn(step, state) === RESTS ? MAYBE_RESTS : 0
      const ground = Math.max(maybe, ...after(place, state).map((step) => restsOn(step, state)))
      const isInSame = most.change?.within !== steps[gone]?.within && steps[place]?.within === steps[gone]?.within
      if (ground > most.ground || (ground > 0 && ground === most.ground && isInSame))
        most = { ground, change: steps[place] }
    }
  return most
}

/**
 * Weights of the evidence that a change relied on an old state. `RESTS`: the change uses a value that was read from the
 * state. `MAYBE_RESTS`: the change uses such a value, but may have taken effect before the other request changed the
 * state.
 */
const [RESTS, MAYBE_RESTS] = [4, 2]

/**
 * Returns how much a step's change depends on a state. The number is highest if the step uses a value that was read
 * from the state.
 */
const restsOn = ({ writes, rests }: CodeStep, state: string): number =>
  writes.length > 0 && rests.includes(state) ? RESTS : writes.includes(state) ? 1 : 0

/**
 * Returns how likely it is that a request is the cause. A request is less likely the cause if it changes nothing, or if
 * the contradiction does not need it.
 */
const causeWeight = ({ changes, accused }: RacingRequest): number => (changes ? 1 : 0.5) * (accused ? 1 : 0.5)

const areAboutOne = (one: Pick<RacingRequest, 'key'>, other: RacingRequest): boolean =>
  one.key === undefined || other.key === undefined || one.key === other.key

function awaitsIn(steps: readonly CodeStep[], requests: readonly RacingRequest[]): Await[] {
  const found: Await[] = []
  const open = new Map<string, number[]>()
  for (const [place, { type, request: name, site }] of steps.entries()) {
    const id = `${name} ${site}`
    if (type === 'gone') open.set(id, [...(open.get(id) ?? []), place])
    const gone = type === 'back' ? open.get(id)?.pop() : undefined
    const request = requests.find((each) => each.name === name)
    if (gone !== undefined && request !== undefined) found.push({ request, gone, back: place })
  }
  return found
}

function raceOf({ waited, by: other, meanwhile, change: { within, file } }: Candidate, run: CodeRun): Race | undefined {
  const { steps } = run
  const [gone, back] = [steps[waited.gone], steps[waited.back]]
  const [first, last] = [meanwhile[0], meanwhile.at(-1)]
  if (gone === undefined || back === undefined || first === undefined || last === undefined) return undefined
  // During the await, another request changed the state. If it did so in the function that contains the await, shows
  // only the lines of this function, because they explain the most. Otherwise, shows the lines of every function that
  // made a change.
  const changing = meanwhile.flatMap((step) => (step.writes.length > 0 ? [step.within] : []))
  const shown = new Set(within === gone.within ? [within] : changing)
  const lines = meanwhile.filter((step) => step.file === file && shown.has(step.within)).map(({ line }) => line)
  const overtaken: RacingPart = {
    ...{ request: waited.request, file: gone.file, lines: [gone.line, gone.line] },
    ...{ from: gone.at, to: back.at },
  }
  const by: RacingPart = {
    ...{ request: other, file, lines: [Math.min(...lines), Math.max(...lines)] },
    ...{ from: first.at, to: last.at },
  }
  const own = ({ name }: RacingRequest): readonly CodeStep[] => steps.filter(({ request }) => request === name)
  const [one, another] = [own(waited.request), own(other)]
  return {
    ...{ sentence: raceSentence({ overtaken, by }), overtaken, by },
    rows: rowsOf({ steps: [one, another], sources: run.sources }, { overtaken, by }),
    turns: { overtaken: turnsOf(one.filter(isOfCode)), by: turnsOf(another.filter(isOfCode)) },
  }
}

/** Whether the program itself ran the step. A database runs SQL steps. */
const isOfCode = ({ type }: CodeStep): boolean => type !== 'sql'

const MOST_TURNS = 16

function turnsOf(steps: readonly CodeStep[]): RaceTurn[] {
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

/** Returns the innermost await that begins in a turn and does not end in it. */
function innermostLeft(turn: readonly CodeStep[]): CodeStep | undefined {
  return turn.find(
    ({ type, site }, place) =>
      type === 'gone' && !turn.slice(place + 1).some((later) => later.type === 'back' && later.site === site),
  )
}
