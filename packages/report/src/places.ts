import { count, type History, placeIn, printable } from '@chaosproxy/history'
import { lineList } from './words.ts'

/** Cites a line: `line 5`, or `b.jsonl:1` in a history of several files. */
export function lineText(history: Pick<History, 'files'>, line: number): string {
  const { file, line: own } = placeIn(history, line)
  return file === undefined ? `line ${count(own)}` : `${nameOfFile(file)}:${own}`
}

/** Cites several lines: `lines 5–6`, or of several files `a.jsonl, lines 1–2; b.jsonl:1`. */
export function linesText(history: Pick<History, 'files'>, lines: readonly number[]): string {
  if (history.files === undefined) return lineList(lines)
  const byFile = new Map<string, number[]>()
  for (const each of lines) {
    const { file = '', line } = placeIn(history, each)
    byFile.set(file, [...(byFile.get(file) ?? []), line])
  }
  return [...byFile].map(([file, own]) => cited(nameOfFile(file), own)).join('; ')
}

/** Cites lines of a file: `history.jsonl, lines 24,021–24,026`, or `history.jsonl:24021`. */
export function cited(file: string, lines: readonly number[]): string {
  const [only, ...others] = new Set(lines)
  if (only === undefined) return file
  return others.length === 0 ? `${file}:${only}` : `${file}, ${lineList(lines)}`
}

const nameOfFile = (file: string): string => printable(file.replace(/^.*\//, ''))
