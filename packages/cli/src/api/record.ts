import { parseFault } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { JudgedRun } from '@chaosproxy/runner'
import { type OpenProxies, performHere } from '../record/perform-here.ts'
import { parseRecordSettings, type RecordedCommand } from '../record/settings.ts'
import { carryOut } from '../run/carry-out.ts'
import { createRunDirectory, type RunDirectory } from '../run/directory.ts'
import { exitCodeOf, writeResults } from '../run/results.ts'
import { type Run, runOf } from './run.ts'

/** What to record: the options of `chaos record` of the same names. */
export interface RecordDraft {
  /** `host:port` of a server, or of several by name. */
  readonly upstream: string | { readonly [name: string]: string }
  /** The path of a route table (HTTP), or `resp` (Redis). */
  readonly as: string
  readonly model?: string | undefined
  /** What keys hold at the start: `unknown`, `read`, or a value in JSON. */
  readonly initial?: string | undefined
  /** The level that the record must meet for an exit code of 0. */
  readonly expect?: string | undefined
  /** Further bounds, such as `lost == 0`. */
  readonly require?: readonly string[] | undefined
  /** How long a last read waits for its answer; by default 1,000. */
  readonly timeoutMs?: number | undefined
  /** Where to create the directory of the record; by default `chaos-results`. */
  readonly out?: string | undefined
}

/** A fault as JSON, as a schedule has it: `{ kind: 'lose-reply', match: { method: 'PUT' } }`. */
export interface FaultDraft {
  readonly kind: string
  readonly [parameter: string]: unknown
}

/** A recording under way: a proxy in front of each server, which records what passes and can hurt it. */
export interface Recording {
  /** The proxy's `host:port` for a server, by default the first. */
  address(name?: string): string
  /** The same as `http://host:port`. */
  url(name?: string): string
  /**
   * Injects a fault. Without `links`, it is on those from the clients to every server. Resolves once it is in force, to what
   * heals it; that resolves to how often it took effect.
   *
   * @throws UserError for a fault that does not exist, or that these servers cannot suffer.
   */
  hurt(fault: FaultDraft): Promise<() => Promise<number>>
  /** Heals everything, reads every key a last time, closes the proxies and judges the record. */
  stop(): Promise<Run>
}

/**
 * Opens a proxy in front of each server. What the caller's own clients do through them is the record.
 *
 * @throws UserError (usage, input, environment) if something cannot be recorded, or a proxy cannot be opened.
 */
export async function record(draft: RecordDraft): Promise<Recording> {
  const settings = settingsOf(draft)
  const startedAt = new Date()
  const directory = createRunDirectory(settings.out, 'record', startedAt)
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  let judging: Promise<JudgedRun | undefined> = Promise.resolve(undefined)
  const proxies = await new Promise<OpenProxies>((opened, failed) => {
    judging = carryOut(settings.run, {
      directory,
      startedAt,
      interrupted: new AbortController().signal,
      performer: {
        perform: (run, options) => performHere(settings, run, options, { opened, stopped }),
        end: async () => {},
      },
    })
    judging.catch(failed)
  })
  return recordingOf(settings, proxies, async () => {
    stop()
    return finishedRun(settings, directory, await judging)
  })
}

function settingsOf({ upstream, timeoutMs, require, ...draft }: RecordDraft): RecordedCommand {
  const named = typeof upstream === 'string' ? { n1: upstream } : upstream
  return parseRecordSettings({
    ...draft,
    ...(require === undefined ? {} : { require: [...require] }),
    ...(timeoutMs === undefined ? {} : { timeout: `${timeoutMs}ms` }),
    name: Object.keys(named),
    upstream: Object.values(named),
    '--': ['a program'],
  })
}

function recordingOf({ servers }: RecordedCommand, proxies: OpenProxies, stop: () => Promise<Run>): Recording {
  const names = servers.map(({ name }) => name)
  let ending: Promise<Run> | undefined
  const address = (name = names[0] ?? ''): string => {
    const found = proxies.addresses.get(name)
    if (found !== undefined) return found
    throw new UserError('usage', `there is no server ${name}. Known: ${names.join(', ')}.`)
  }
  return {
    address,
    url: (name) => `http://${address(name)}`,
    async hurt(fault) {
      const links = names.map((name) => ({ from: 'clients', to: name }))
      return proxies.hurt(parseFault({ links, ...fault }, `hurt(${fault.kind})`))
    },
    stop() {
      ending ??= stop()
      return ending
    },
  }
}

function finishedRun({ run }: RecordedCommand, directory: RunDirectory, judged: JudgedRun | undefined): Run {
  if (judged === undefined) throw new Error('a recording ends only when it is stopped')
  const exitCode = exitCodeOf(judged)
  writeResults({ run, judged, directory, again: '', exitCode })
  return runOf(run, judged, directory, exitCode)
}
