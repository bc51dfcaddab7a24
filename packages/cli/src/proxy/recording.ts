import { extname } from 'node:path'
import { commandLine, fileWord } from '@chaosproxy/engine'
import { RECORD_END } from '@chaosproxy/history'
import { openRecordFile, type ProxyRecording, type RecordFile, startRunClock } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import { createRecorder, LOST_LINES } from '@chaosproxy/recorder'
import { checkTable } from '@chaosproxy/targets'
import type { Logger } from 'pino'
import { refuseToOverwrite } from '../terminal/overwriting.ts'
import { type SummaryOptions, summaryLines } from './recording-summary.ts'

export interface RecordSettings {
  /** The file for what clients saw; what the backend answered goes to a second file next to it. */
  readonly out: string
  /** The file with the route table, or the name of a protocol that needs none. */
  readonly table: string | undefined
  /** The same, read; undefined if each proxy says what it carries. */
  readonly carries: Carriage | undefined
  /** The model, for `chaos check`. */
  readonly model: string | undefined
  readonly rotateBytes: number | undefined
  /** Whether to replace existing recordings. */
  readonly force: boolean
}

export interface OpenRecording extends ProxyRecording {
  /** Resolves once everything is on disk. Call it when no connection is left. */
  close(): Promise<void>
  /** A text on what was recorded, and what to do with it. */
  summary(of: Pick<SummaryOptions, 'by'>): string
}

/** @throws UserError (environment) if the files cannot be created, (usage) if they already exist. */
export function openRecording({ out, carries, model, rotateBytes, force }: RecordSettings, log: Logger): OpenRecording {
  for (const path of [out, backendPath(out)]) refuseToOverwrite(path, { what: 'a recording', force })
  const open = (path: string): RecordFile =>
    openRecordFile(path, {
      header: () => ({
        chaos: 1,
        ...(model === undefined ? {} : { model }),
        initial: recorder.initial,
        sessions: recorder.sessions,
        mapping: recorder.mapping,
        ends: true,
      }),
      seal: LOST_LINES,
      end: RECORD_END,
      ...(rotateBytes === undefined ? {} : { rotateBytes }),
      onError: (error) => log.error(error.message),
    })
  const client = open(out)
  const backend = open(backendPath(out))
  const recorder = createRecorder({ now: startRunClock(), client, backend })
  return {
    recorder,
    files: [client, backend],
    carries,
    checkTable: (table, where) => checkTable(table, where, model),
    async close() {
      recorder.finish()
      await Promise.all([client.close(), backend.close()])
    },
    summary({ by }) {
      const { lostLines, paths } = client.statistics
      return [
        ...summaryLines(recorder, { lostLines, paths, by }),
        `  check it  ${commandLine(['npx', 'chaos', 'check', ...paths.map(fileWord)])}`,
        '',
      ].join('\n')
    },
  }
}

/** `history.jsonl` → `history.backend.jsonl` */
function backendPath(path: string): string {
  const extension = extname(path)
  return `${path.slice(0, path.length - extension.length)}.backend${extension}`
}
