import { recordingSpec, trafficParts } from '@chaosproxy/engine'
import { commandLine, EXIT, type ExitCode, whenAborted } from '@chaosproxy/engine/run'
import { registries } from '@chaosproxy/engine/worlds'
import type { Carriage, ProxySettings } from '@chaosproxy/proxy/control'
import { planRun } from '@chaosproxy/runner'
import { wordsWithoutSecrets } from '@chaosproxy/runner/result'
import type { TrafficClients } from '@chaosproxy/targets'
import type { Logger } from 'pino'
import { given } from '../arguments/declare.ts'
import { parseReporters } from '../reporting/choice.ts'
import { execute as executeRun } from '../run/execute.ts'
import { type Interrupts, listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { isRecordingDefined } from './carried.ts'
import { openProxies } from './opening.ts'
import { recordedBy, summaryLines } from './recording-summary.ts'
import { logEvents, serveControl } from './serve-control.ts'
import type { ProxyCommandSettings, RunRecording } from './use.ts'

/** The duration in the spec of a recording without --time. */
const LONGEST_MS = 600_000

/** Runs proxies, and records and judges their traffic as a run. */
export async function recordRun(
  settings: ProxyCommandSettings,
  recording: RunRecording,
  log: Logger,
): Promise<ExitCode> {
  const interrupts = listenForInterrupts(
    'Ending: closing proxies, checking the record. Interrupt again to end at once.',
  )
  try {
    const read = readingOf(recording)
    const { clients, ended } = observedClients(settings, log, interrupts)
    const run = await planRun(
      specOf(settings, recording),
      {
        ...registries,
        traffic: (spec) =>
          trafficParts(spec, {
            clients,
            carried: recording.carried,
            open: async (plane, carries) => {
              logEvents(plane, log)
              const pairs = settings.pairs.map((pair) => ({ ...pair, carries: read(pair.carries, carries) }))
              const carried =
                recording.carried.length === 0
                  ? undefined
                  : (carriage: ProxyCarriage) => (carriage === 'tcp' ? carriage : read(carriage, carries))
              await openProxies(plane, { ...settings, pairs, record: recording, carried })
            },
            called: (member) => (member === 'as' ? '--record' : '--initial'),
          }),
      },
      'chaos proxy',
    )
    const verdict = await executeRun({
      run,
      reporters: parseReporters({}, 'run'),
      events: recording.events,
      out: recording.out,
      // The proxy's own log already announces violations.
      announces: false,
      again: run.spec.target.traffic?.again,
      // Ctrl-C ends a recording normally, so it must not interrupt the run.
      interrupts: { signal: new AbortController().signal, release: () => {} },
    })
    return exitCodeOf(verdict, ended(), recording)
  } finally {
    interrupts.release()
    log.info('ended: every port is free, every fault is gone')
  }
}

/**
 * Returns the verdict's exit code if the verdict fails, or if it is unknown although a level is required. Otherwise
 * returns the command's own exit code.
 */
function exitCodeOf(verdict: ExitCode, own: ExitCode | undefined, { draft }: RunRecording): ExitCode {
  const isHeld = draft.expect !== undefined || draft.require !== undefined
  if (verdict === EXIT.met || (verdict === EXIT.unknown && !isHeld)) return own ?? verdict
  return verdict
}

function specOf({ configFile, timeMs, command }: ProxyCommandSettings, recording: RunRecording) {
  const { table, as, client, initial, model, servers, seed, draft } = recording
  const again = commandLine(wordsWithoutSecrets(['npx', 'chaos', ...process.argv.slice(2)]))
  const optional = {
    ...{ client, initial, model },
    command: command.length === 0 ? undefined : command,
    endsInTime: timeMs === undefined ? undefined : true,
    // A spec cannot contain every setting of a proxy. If the spec lacks settings of this recording, only the command
    // line in `again` can repeat the recording.
    again: configFile === undefined && table !== undefined && servers.length > 0 ? undefined : again,
  }
  return recordingSpec({ as, servers, ...given(optional) }, { ...draft, seed, timeMs: timeMs ?? LONGEST_MS })
}

type ProxyCarriage = ProxySettings['carries']

/**
 * Returns a function that decides how to read the traffic of a proxy. Final reads are defined only by a route table
 * that all proxies share.
 */
function readingOf({ carried }: RunRecording) {
  const withTable = (carries: Carriage | undefined, recorded: Carriage): Carriage | undefined =>
    carries !== undefined && 'table' in carries && 'table' in recorded ? { ...carries, table: recorded.table } : carries
  if (carried.length === 0) return withTable
  return (carries: Carriage | undefined, recorded: Carriage) =>
    carried.length === 1 && isRecordingDefined({ carries }) ? withTable(carries, recorded) : carries
}

/** The clients of the recorded run: the user's command, if any, and all others that connect to a proxy. */
function observedClients(settings: ProxyCommandSettings, log: Logger, { signal }: Interrupts) {
  let own: ExitCode | undefined
  const stopRequested = new Promise<void>((resolve) => whenAborted(signal, resolve))
  const clients: TrafficClients = {
    areStarted: false,
    areCutOff: true,
    howToUseIt: 'Clients must connect to the address of the proxy: nothing redirects them to it.',
    async begin({ plane }) {
      const serving = await serveControl(plane, settings, { log, stopRequested })
      const gone = serving.done.then((code) => {
        own = code
      })
      let summarised = false
      return {
        gone,
        async end() {
          await serving.close()
          await gone
          const { recording } = plane
          if (recording !== undefined && !summarised)
            print(
              [...summaryLines(recording.recorder, { lostLines: 0, path: undefined, by: recordedBy(plane) }), ''].join(
                '\n',
              ),
            )
          summarised = true
          return []
        },
      }
    },
  }
  return { clients, ended: () => own }
}
