import type { ProxiesConsole } from '@chaosproxy/console'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { type ControlPlane, createControlPlane, createNetwork, type Network } from '@chaosproxy/proxy/control'
import type { Logger } from 'pino'
import type { UiSettings } from '../arguments/ui.ts'
import type { Closing } from '../config/servers.ts'
import { onEndingSignals } from '../run/interrupts.ts'
import { print, printNotice } from '../terminal/output.ts'
import { createLog } from './log.ts'
import { openProxies } from './opening.ts'
import type { OpenRecording, RecordSettings } from './recording.ts'
import { recordedBy, type SummaryOptions } from './recording-summary.ts'
import { logEvents, serveControl, showsOnTerminal } from './serve-control.ts'
import type { ProxyCommandSettings } from './use.ts'

/** Runs proxies and their control interface until a request to end. */
export async function execute({ close, ...settings }: ProxyCommandSettings & Closing): Promise<ExitCode> {
  try {
    return await serveProxies(settings)
  } finally {
    await close()
  }
}

async function serveProxies(settings: ProxyCommandSettings): Promise<ExitCode> {
  const log = await createLog(settings.log)
  // Loads this code only if it is needed, because most proxies record nothing.
  if (settings.run !== undefined) return (await import('./record-run.ts')).recordRun(settings, settings.run, log)
  const stop = stopSignals()
  const { seed } = settings
  const recording = settings.record && (await openRecording(settings.record, log))
  const network = createNetwork({ seed })
  const plane = createControlPlane({ network, seed, recording })
  let by: SummaryOptions['by'] = 'routes'
  const isOnPage = showsOnTerminal(settings)
  if (!isOnPage) logEvents(plane, log)
  let page: ProxiesConsole | undefined
  try {
    await openProxies(plane, settings)
    by = recordedBy(plane)
    const stopRequested = recording === undefined ? stop.requested : Promise.race([stop.requested, recording.violated])
    if (settings.ui !== undefined) page = await showProxies(plane, seed, settings.ui)
    const serving = await serveControl(plane, settings, { log, stopRequested })
    if (isOnPage) logEvents(plane, log)
    try {
      const own = await serving.done
      if (stop.isGentle) await drain(network, settings.drainMs, log)
      return exitCodeOf(own, recording?.exitCode())
    } finally {
      await serving.close()
    }
  } finally {
    stop.release()
    await page?.close()
    plane.close()
    // Ends the open operations, which must still be recorded.
    await network.close()
    await recording?.close()
    if (recording !== undefined) print(recording.summary({ by }))
    log.info('ended: every port is free, every fault is gone')
  }
}

async function drain(network: Network, longestMs: number, log: Logger): Promise<void> {
  if (longestMs === 0) return
  log.info({ longestMs }, 'ending: no new connections; waiting for those that are open')
  await network.drain(longestMs)
}

/**
 * Returns the exit code of the recording's verdict if the recording does not meet its requirements. Otherwise, returns
 * the proxy's own exit code.
 */
const exitCodeOf = (own: ExitCode, judged: ExitCode | undefined): ExitCode =>
  judged === undefined || judged === EXIT.met ? own : judged

const openRecording = async (settings: RecordSettings, log: Logger): Promise<OpenRecording> =>
  (await import('./recording.ts')).openRecording(settings, log)

interface StopSignals {
  readonly requested: Promise<void>
  /** Whether requests in progress get time to end, as after SIGTERM. */
  readonly isGentle: boolean
  release(): void
}

/** The first signal ends the proxy cleanly, and the second signal ends it immediately. */
function stopSignals(): StopSignals {
  let request: () => void = () => undefined
  const requested = new Promise<void>((resolve) => {
    request = resolve
  })
  let count = 0
  let isGentle = false
  const onSignal = (name: NodeJS.Signals) => {
    count++
    isGentle = name === 'SIGTERM'
    if (count > 1) process.exit(EXIT.interrupted)
    request()
  }
  const release = onEndingSignals(onSignal)
  return {
    release,
    requested,
    get isGentle() {
      return isGentle
    },
  }
}

async function showProxies(
  plane: ControlPlane,
  seed: number | string,
  { listen }: UiSettings,
): Promise<ProxiesConsole> {
  const { openProxiesConsole } = await import('@chaosproxy/console')
  const page = await openProxiesConsole({ plane, seed, listen })
  printNotice(`\n  Live page: ${page.url}\n`)
  return page
}
