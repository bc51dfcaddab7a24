import { describe, expect, test } from 'vitest'
import { countTokens } from './tokens.mjs'

const source = `import { open } from './files.ts'

export type Answer = { ok: true; value: number } | undefined

export const ask = (from: string, to: number): Answer => {
  if (to > 3 && /["'\`]/.test(from)) return undefined
  return { ok: true, value: open(\`\${from}/\${\`\${to}\`}\`) / 2 }
}
`
const sameOtherwise = `#!/usr/bin/env node
/* What is asked, "it's said". */
import { open } from "./files.ts";
/** An answer. */
export type Answer =
  | { ok: true; value: number }
  | undefined;

export const ask = (
  from: string, // whom
  to: number,

): Answer => {

  if (
    to > 3 &&
    /["'\`]/.test(from)
  )
    return undefined;
  return {
    ok: true,
    value: open(\`\${from}/\${\`\${to}\`}\`) / 2,
  };
};
`

describe('the tokens of a source', () => {
  test('the number of tokens does not depend on comments, blank lines, quotes or layout', () => {
    expect(countTokens(sameOtherwise)).toBe(countTokens(source))
  })

  test('the number of tokens increases with another statement', () => {
    expect(countTokens(`${source}ask()\n`)).toBe(countTokens(source) + 3)
    expect(countTokens(source.replace('return undefined', '{ done += 1; return undefined }'))).toBe(
      countTokens(source) + 5,
    )
  })

  test.each(['const total = add(first, second[3])', 'a.b?.c(d, e)', 'const halved = /x+/.exec(text)'])(
    'code in a string has at least as many tokens as the same code outside a string: %s',
    (code) => {
      for (const text of [`'${code}'`, `"${code}"`, `\`${code}\``, `\`\${x}${code}\${y}\``])
        expect(countTokens(text), text).toBeGreaterThanOrEqual(countTokens(code))
    },
  )

  test('a string with 400 letters of encoded data counts as 25 tokens', () => {
    expect(countTokens(`'${'QUJD'.repeat(100)}'`)).toBe(25)
  })

  test('the number of tokens does not depend on the length of a name', () => {
    expect(countTokens('const n = 1')).toBe(countTokens('const numberOfOperationsThatAreOpen = 1'))
  })

  test('the number of tokens does not depend on the path of an imported file', () => {
    expect(countTokens("import { a } from '../../far/away/b.ts'; await import('../../far/c.ts')")).toBe(
      countTokens("import { a } from './b.ts'; await import('./c.ts')"),
    )
  })

  test('the tokens of a JSX source include the text inside elements', () => {
    const row = 'const Row = () => <li class="row">two words</li>'
    expect(countTokens(row, { jsx: true })).toBeGreaterThan(countTokens(row.replace(' words', ''), { jsx: true }))
  })

  test('the tokens of C code are also counted', () => {
    const line = "static int failed = -1; /* don't count */\n#define MOST(a, b) \\\n  ((a) > (b) ? (a) : (b))\n"
    expect(countTokens(line)).toBe(countTokens(line.replace(/\/\*.*\*\//, '').replace('\\\n', '')))
  })
})
