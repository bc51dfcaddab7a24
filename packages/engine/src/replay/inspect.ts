import inspector from 'node:inspector'
import { environmentError } from '@chaosproxy/history'
import type { Race } from '@chaosproxy/report'
import { type ClientRequest, requestOf } from '../references/requests.ts'
import { type ScenarioPlay, showScenario } from '../search/show.ts'
import { type Stops, stopAsItBegins, stopsAround, stopsOf } from '../worlds/stops.ts'
import { subjectOf } from '../worlds/subject.ts'
import { noPlays, type ReplayOutcome, type ReplaySpec, replay, withPlay } from './play-again.ts'

export interface InspectHooks {
  /** Called once a debugger can attach. This process then waits for one. */
  readonly waiting: (at: InspectedAt) => void
  readonly signal?: AbortSignal | undefined
}

export interface InspectedAt {
  /** The address where debuggers attach: `ws://127.0.0.1:9229/…`. */
  readonly url: string
  /** The race in which one request overtakes another at an `await`. The program stops before and after this `await`. */
  readonly race: Race | undefined
  /**
   * The request at which the debugger stops if `race` is undefined. If both are undefined, the debugger stops at the
   * first request.
   */
  readonly culprit: ClientRequest | undefined
}

const LOOPBACK = '127.0.0.1'

/**
 * Plays a scenario of a service twice: first to find the failure, then on this thread under Node's inspector. The
 * debugger stops before and after the `await` at which one request overtook another. If there is no such `await`, it
 * stops at the request with the wrong answer. Virtual time does not advance while the program is stopped.
 *
 * @throws UserError (environment) if the port cannot be opened; (input) for a program that cannot be simulated.
 */
export async function inspectReplay(
  spec: ReplaySpec,
  port: number,
  { waiting, signal }: InspectHooks,
): Promise<ReplayOutcome> {
  const { scenario, subject, invariants, digest } = spec
  const before = await replay({ ...spec, times: 1, real: false }, { signal })
  if (before.interrupted) return before
  const { bestPlay: found } = before
  const { race, culprit, stops } = stopsFor(found)
  const probed = await subjectOf(subject, { stops })
  waiting({ url: openInspector(port), race, culprit })
  inspector.waitForDebugger()
  const shown = await probed.perform(() => showScenario(probed, scenario, invariants))
  return withPlay(noPlays, { ...shown, race: found?.digest === shown.digest ? found.race : undefined }, digest)
}

/**
 * Returns where the debugger stops: before and after the `await` at which one request overtook another. If there is no
 * such `await`, it stops at the request with the wrong answer.
 */
function stopsFor(found: ScenarioPlay | undefined): Omit<InspectedAt, 'url'> & { readonly stops: Stops } {
  const { race, ran, culprit: row, history } = found ?? {}
  const stops = race === undefined || ran === undefined ? [] : stopsAround(race, ran)
  if (stops.length > 0) return { race, culprit: undefined, stops: stopsOf(stops) }
  const culprit = row === undefined || history === undefined ? undefined : requestOf(history, row)
  return { race: undefined, culprit, stops: stopAsItBegins(culprit?.name) }
}

/** @throws UserError (environment) */
function openInspector(port: number): string {
  // If the process already has an inspector, debuggers attach to that one.
  if (inspector.url() === undefined) inspector.open(port, LOOPBACK, false)
  const url = inspector.url()
  if (url !== undefined) return url
  throw environmentError(
    `--inspect: the debugger cannot listen on ${LOOPBACK}:${port}. Give a free port with --inspect-port, or 0 for any.`,
  )
}
