import { checkCommandLine, judgeHistory, USUAL_CHECK } from '@chaosproxy/engine/judged'
import { millis, plural, UserError } from '@chaosproxy/history'
import { MemoryLimitError, readHistoryOf } from '@chaosproxy/history/files'
import { findingsOf, htmlOf, jsonOf, printable } from '@chaosproxy/report'
import { savedBytes } from './bytes.ts'
import type { Outcome, Progress, Question } from './messages.ts'

/** Judges a saved history as `chaos check` does without options. */
export async function judgeSaved(question: Question, onProgress: (progress: Progress) => void): Promise<Outcome> {
  try {
    return await judged(question, onProgress)
  } catch (error) {
    if (error instanceof UserError) return { type: 'refused', why: error.message }
    if (error instanceof MemoryLimitError)
      return {
        type: 'refused',
        why: `Out of memory after ${plural(error.events, 'event')}. Check large files on the command line: npx chaos check --memory 8GB`,
      }
    throw error
  }
}

async function judged(
  { files, model, timeoutMs, version }: Question,
  onProgress: (progress: Progress) => void,
): Promise<Outcome> {
  const of = files.reduce((sum, { blob }) => sum + blob.size, 0)
  const { name, source } = savedBytes(files, (bytes) => onProgress({ type: 'reading', bytes, of }))
  const started = performance.now()
  const settings = { ...USUAL_CHECK, model, timeoutMs: millis(Math.max(0, timeoutMs)) }
  const history = await readHistoryOf(source, name, { memoryBytes: settings.memoryBytes })
  const parseMs = performance.now() - started
  onProgress({ type: 'judging', operations: history.operations.length })
  const task = { file: name, settings, alone: true, again: checkCommandLine(name, settings), reportFile: undefined }
  const subject = { ...judgeHistory(task, { history, parseMs }), linksHistory: false }
  const [finding] = findingsOf(subject)
  return {
    type: 'judged',
    title: finding?.title ?? '',
    file: name,
    page: htmlOf(subject, { version, pathTo: (file) => file }),
    json: `${printable(JSON.stringify(jsonOf(subject)))}\n`,
  }
}
