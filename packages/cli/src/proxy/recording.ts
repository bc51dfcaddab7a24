import { readdirSync, rmSync } from 'node:fs'
import { extname, join } from 'node:path'
import { commandLine, EXIT, type ExitCode, fileWord } from '@chaosproxy/engine/run'
import { plural, RECORD_END, usageError } from '@chaosproxy/history'
import {
  openRecordFile,
  type PartsOptions,
  type ProxyRecording,
  type RecordFile,
  startRunClock,
} from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import { createRecorder, LOST_LINES, type Recorder } from '@chaosproxy/recorder'
import { BEAT_EVERY_MS, createBeats, STOOD_STILL, type Standstill, standstillText } from '@chaosproxy/runner/result'
import { checkTable } from '@chaosproxy/targets'
import type { Logger } from 'pino'
import { refuseToOverwrite } from '../terminal/overwriting.ts'
import { judgedLines, judgeRecord } from './judged-record.ts'
import { lockRecording } from './recording-lock.ts'
import { type SummaryOptions, summaryLines } from './recording-summary.ts'

export interface RecordSettings {
  /**
   * The file with the record of the client side, or the directory with its parts. The record of the backend side is
   * written next to it.
   */
  readonly out: string
  /** The file with the route table, or the name of a protocol. */
  readonly table: string | undefined
  /** The parsed `table`; undefined if the proxies' own settings define how traffic is read. */
  readonly carries: Carriage | undefined
  /** The model for `chaos check`. */
  readonly model: string | undefined
  /** What to do about a violation: report it, exit with 1 at the end, or end immediately. */
  readonly onViolation: 'report' | 'fail' | 'stop'
  /** How the record is split into parts. Absent if the record is a single file. */
  readonly parts: PartsOptions | undefined
  /** Whether to replace existing recordings. */
  readonly force: boolean
}

export interface OpenRecording extends ProxyRecording {
  /** Resolves when all data is on disk. Call it after all connections have closed. */
  close(): Promise<void>
  readonly violated: Promise<void>
  exitCode(): ExitCode | undefined
  summary(of: Pick<SummaryOptions, 'by'>): string
}

/** @throws UserError (environment) if the files cannot be created, (usage) if they already exist. */
export function openRecording(
  { out, carries, model, parts, force, onViolation }: RecordSettings,
  log: Logger,
): OpenRecording {
  const backendOut = parts === undefined ? backendPath(out) : join(out, 'backend')
  const unlock = lockRecording(out)
  const open = (path: string): RecordFile =>
    openRecordFile(path, {
      header: () => ({
        chaos: 1,
        model,
        initial: recorder.initial,
        sessions: recorder.sessions,
        mapping: recorder.mapping,
        ends: true,
      }),
      seal: LOST_LINES,
      end: RECORD_END,
      parts,
      onError: (error) => log.error(error.message),
      onNotice: (sentence) => log.warn(sentence),
    })
  const [client, backend] = opened(unlock, () => {
    for (const path of [out, backendOut])
      if (parts === undefined) refuseToOverwrite(path, { what: 'a recording', force })
      else clearOfParts(path, force)
    return [open(out), open(backendOut)]
  })
  const { sink, judging, violated } = judgeRecord(client, model, () => recorder)
  const recorder = createRecorder({ now: startRunClock(), client: sink, backend })
  const standstills: Standstill[] = []
  const beats = recordStandstills(recorder, standstills)
  return {
    recorder,
    judging,
    violated: onViolation === 'stop' ? violated : new Promise<void>(() => undefined),
    exitCode() {
      if (onViolation === 'report') return undefined
      judging.settle()
      const { violation, doubt } = judging.judged()
      if (violation !== undefined) return EXIT.violated
      return doubt === undefined ? EXIT.met : EXIT.unknown
    },
    files: [client, backend],
    carries,
    checkTable: (table, where) => checkTable(table, where, model),
    async close() {
      clearInterval(beats)
      recorder.finish()
      judging.settle()
      await Promise.all([client.close(), backend.close()])
      unlock()
    },
    summary({ by }) {
      const { lostLines, path, parts: written } = client.statistics
      const removed = written?.removed ?? 0
      return [
        ...judgedLines(judging.judged()),
        ...summaryLines(recorder, { lostLines, path, by }),
        ...standstills.map((each) => `  ${standstillText(each)}`),
        ...(written === undefined
          ? []
          : [
              `  in ${plural(written.current, 'part')}${removed === 0 ? '' : `, of which the ${removed} oldest were removed`}`,
            ]),
        ...(removed === 0 ? [`  check it  ${commandLine(['npx', 'chaos', 'check', fileWord(path)])}`] : []),
        '',
      ].join('\n')
    },
  }
}

function opened<Files>(unlock: () => void, open: () => Files): Files {
  try {
    return open()
  } catch (error) {
    unlock()
    throw error
  }
}

function recordStandstills(recorder: Recorder, standstills: Standstill[]): NodeJS.Timeout {
  const beat = createBeats(recorder.now())
  const beaten = (): void => {
    const standstill = beat(recorder.now())
    if (standstill === undefined) return
    standstills.push(standstill)
    recorder.note(STOOD_STILL, { from: standstill.from, to: standstill.to })
  }
  return setInterval(beaten, BEAT_EVERY_MS).unref()
}

/**
 * Removes old parts, which would seem to belong to the new recording.
 *
 * @throws UserError (usage) if parts exist, unless they may be removed.
 */
function clearOfParts(directory: string, force: boolean): void {
  const parts = partsThere(directory)
  if (parts.length > 0 && !force)
    throw usageError(
      `--out ${directory}: this would overwrite a recording. Name another directory, or give --force to replace the recording.`,
    )
  for (const name of parts) rmSync(join(directory, name))
}

function partsThere(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => /^part-\d+\.jsonl(\.gz(\.unfinished)?)?$/.test(name))
  } catch {
    // A missing directory has no parts. Any other error is reported when the first part is opened.
    return []
  }
}

/** `history.jsonl` → `history.backend.jsonl` */
function backendPath(path: string): string {
  const extension = extname(path)
  return `${path.slice(0, path.length - extension.length)}.backend${extension}`
}
