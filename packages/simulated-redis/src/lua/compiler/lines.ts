const MARK = '\u0001'

/** Attributes the following code to a line of the script. */
export const atLine = (line: number | undefined, code: string): string =>
  line === undefined ? code : `${MARK}${line};${code}`

/** Adds line breaks, so that stack traces show the lines of the script. */
export function alignLines(code: string): string {
  let line = 1
  return code.replaceAll(new RegExp(`${MARK}(\\d+);`, 'g'), (_, wanted: string) => {
    const missing = Math.max(0, Number(wanted) - line)
    line += missing
    return '\n'.repeat(missing)
  })
}
