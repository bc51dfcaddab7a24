import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { CheckOptions, Report } from '@chaosproxy/checker'
import { judgingOf, prove } from '@chaosproxy/checker/proof'
import { environmentError, type History } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import type { WrittenProof } from '@chaosproxy/report'
import { verifierScript } from './built-file.ts'
import { sha256Of } from './sha256.ts'
import { writeWholeFile } from './whole-file.ts'

/**
 * The largest history file, in bytes, that is compared with the judged history. A proof can refer to a file only if
 * they are equal.
 */
const MOST_BYTES = 256 << 20

/**
 * The most characters by which a history and its proof may enlarge a report. This suffices for a history of about 20
 * MB, because it is compressed.
 */
const MOST_EMBEDDED = 2_000_000

interface Proven {
  readonly history: History
  readonly report: Report<string>
  readonly checking: Pick<CheckOptions<string>, 'initial' | 'failedCas'>
}

/**
 * Writes the proof of the verdicts. Also writes the history, unless `file` contains exactly the judged history.
 *
 * @param file the history, if it is a file of JSON lines
 * @throws UserError (environment) if the proof cannot be written
 */
export function writeProof(
  file: string | undefined,
  target: string,
  { history, report, checking }: Proven,
): WrittenProof {
  const plain = file !== undefined && history.format === 'jsonl' && /\.jsonl$/.test(file) ? textOf(file) : undefined
  const proved = prove(history, report, judgingOf(report.model, checking), {
    text: plain,
    sha256: sha256Of,
  })
  const { proof, levels } = proved
  if (proof === undefined) return { written: undefined, levels }
  write(target, proof)
  const isOfFile = proved.history === undefined && file !== undefined
  const judged = isOfFile ? file : `${target}.history.jsonl`
  if (!isOfFile) write(judged, proved.history ?? '')
  const embedded = embeddedOf(proved.history ?? plain ?? '', proof)
  return { written: { file: target, history: judged }, levels, embedded }
}

/**
 * Returns the data by which a report verifies a proof. Undefined if the data are too large, or if this package was not
 * bundled.
 */
function embeddedOf(history: string, proof: string): WrittenProof['embedded'] {
  if (!existsSync(verifierScript())) return undefined
  const texts = { history: packed(history), proof: packed(proof) }
  return texts.history.length + texts.proof.length > MOST_EMBEDDED
    ? undefined
    : { ...texts, verifier: readFileSync(verifierScript(), 'utf8') }
}

const packed = (text: string): string => gzipSync(text).toString('base64')

function textOf(file: string): string | undefined {
  const bytes = readFileSync(file)
  return bytes.length > MOST_BYTES ? undefined : bytes.toString('utf8')
}

function write(path: string, text: string): void {
  try {
    writeWholeFile(path, text)
  } catch (error) {
    throw environmentError(`--prove ${path}: ${whyUnwritable(error)}`)
  }
}
