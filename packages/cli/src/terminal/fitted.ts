import { asciiOnly } from '@chaosproxy/history'
import { fitLine } from '@chaosproxy/report'
import { printNotice } from './output.ts'
import { requestedWidth, speaksUnicode } from './page-width.ts'

/** Wraps lines that are too long for the terminal. Indents each continuation to the last table column of its line. */
export function fitted(text: string, width: number | undefined = requestedWidth(process.stdout)): string {
  const encoded = speaksUnicode() ? text : asciiOnly(text)
  if (width === undefined) return encoded
  return encoded
    .split('\n')
    .flatMap((line) => fitLine(line, width))
    .join('\n')
}

export const printTitle = (title: string): void =>
  printNotice(fitted(`\n  ${title}\n\n`, requestedWidth(process.stderr)))
