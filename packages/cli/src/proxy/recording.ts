import { extname } from 'node:path'
import { createRecorder, openRecordFile, type RecordFile, type Recording } from '@chaos/proxy'
import type { Logger } from 'pino'
import { commandLine, fileWord } from '../terminal/command-line.ts'
import { refuseToOverwrite } from '../terminal/overwriting.ts'

export interface RecordSettings {
  /** What the clients saw; what the backend answered goes beside it. */
  readonly out: string
  /** What the operations are on, for `chaos check`. */
  readonly model: string | undefined
  readonly rotateBytes: number | undefined
  /** Whether recordings that are there are replaced. */
  readonly force: boolean
}

export interface OpenRecording extends Recording {
  /** Everything is on the disk once it resolves; call it when no connection is left. */
  close(): Promise<void>
  /** What was recorded, and what to do with it. */
  summary(): string
}

/** @throws UserError (environment) where the files cannot be made, (usage) where there are such already. */
export function openRecording({ out, model, rotateBytes, force }: RecordSettings, log: Logger): OpenRecording {
  for (const path of [out, backendPath(out)]) refuseToOverwrite(path, { what: 'a recording', force })
  const open = (path: string): RecordFile =>
    openRecordFile(path, {
      header: { chaos: 1, ...(model === undefined ? {} : { model }) },
      ...(rotateBytes === undefined ? {} : { rotateBytes }),
      onError: (error) => log.error(error.message),
    })
  const client = open(out)
  const backend = open(backendPath(out))
  const recorder = createRecorder({ client, backend })
  return {
    recorder,
    files: [client, backend],
    async close() {
      await Promise.all([client.close(), backend.close()])
    },
    summary() {
      const { operations, ok, fail, info, unmatched } = recorder.counters
      const lost = client.statistics.lostLines
      const paths = client.statistics.paths.join(' ')
      return [
        `  recorded ${count(operations)} operations (${count(ok)} ok, ${count(fail)} failed, ${count(info)} of unknown outcome) in ${paths}`,
        ...(unmatched === 0
          ? []
          : [
              `  passed ${count(unmatched)} on that no route or command recognised: where they write what others read, no verdict holds`,
            ]),
        ...(lost === 0 ? [] : [`  LOST ${count(lost)} lines: the disk failed, and the record is not whole`]),
        `  check it  ${commandLine(['npx', 'chaos', 'check', ...client.statistics.paths.map(fileWord)])}`,
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

const count = (value: number): string => value.toLocaleString('en-US')
