import { asciiOnly } from '@chaosproxy/history'
import { fitLine } from '@chaosproxy/report'
import { print } from './output.ts'
import { speaksUnicode, widthAsked } from './page-width.ts'

/**
 * The lines of a list, wrapped at spaces if the terminal is too narrow; continuation lines are indented to the column
 * that they continue. Lines for a pipe are not wrapped.
 */
export function fitted(text: string, width: number | undefined = widthAsked(process.stdout)): string {
  const said = speaksUnicode() ? text : asciiOnly(text)
  if (width === undefined) return said
  return said
    .split('\n')
    .flatMap((line) => fitLine(line, width))
    .join('\n')
}

/** Prints the title of the work that a command begins. */
export const printTitle = (title: string): void =>
  print(process.stderr, fitted(`\n  ${title}\n\n`, widthAsked(process.stderr)))
