import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { judgingOf, prove } from '@chaosproxy/checker/proof'
import { UserError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import type { WrittenProof } from '@chaosproxy/report'
import { writeWholeFile } from '../whole-file.ts'
import type { Checked } from './judged.ts'
import type { CheckTask } from './result.ts'

/** A text of more bytes is not read again to see whether a proof may be about the file itself. */
const MOST_BYTES = 256 << 20

/**
 * Writes what proves the verdicts on a file, and beside it the history as it was judged, unless that is the file itself.
 *
 * @throws UserError (input) if no proof can be about this history; (environment) if it cannot be written.
 */
export function writeProof(
  { file, stored, merged }: CheckTask,
  target: string,
  { history, report, checking }: Pick<Checked, 'history' | 'report' | 'checking'>,
): WrittenProof {
  const isPlain = history.format === 'jsonl' && stored === undefined && merged === undefined && /\.jsonl$/.test(file)
  const proved = prove(history, report, judgingOf(report.model, checking), {
    text: isPlain ? textOf(file) : undefined,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
  const { proof, levels } = proved
  if (proof === undefined) return { written: undefined, levels }
  write(target, proof)
  if (proved.history === undefined) return { written: { file: target, history: file }, levels }
  const judged = `${target}.history.jsonl`
  write(judged, proved.history)
  return { written: { file: target, history: judged }, levels }
}

function textOf(file: string): string | undefined {
  const bytes = readFileSync(file)
  return bytes.length > MOST_BYTES ? undefined : bytes.toString('utf8')
}

function write(path: string, text: string): void {
  try {
    writeWholeFile(path, text)
  } catch (error) {
    throw new UserError('environment', `--prove ${path}: ${whyUnwritable(error)}`)
  }
}
