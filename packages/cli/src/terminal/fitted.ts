import { asciiOnly } from '@chaosproxy/history'
import { fitLine } from '@chaosproxy/report'
import { speaksUnicode, widthAsked } from './page-width.ts'

/**
 * The lines of a list, broken at spaces where a terminal is too narrow for them; what follows is set under the column that
 * goes on. Whoever reads from a pipe gets whole lines.
 */
export function fitted(text: string, width: number | undefined = widthAsked(process.stdout)): string {
  const said = speaksUnicode() ? text : asciiOnly(text)
  if (width === undefined) return said
  return said
    .split('\n')
    .flatMap((line) => fitLine(line, width))
    .join('\n')
}
