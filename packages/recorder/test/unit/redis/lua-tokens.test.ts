import { expect, test } from 'vitest'
import { luaTokens } from '../../../src/redis/scripts.ts'

test('the tokens of a Lua script do not depend on its line endings', () => {
  const script = 'if a then\n  -- a comment\n  return 1\nend'
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(['if', 'a', 'then', 'return', '1', 'end'])
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(luaTokens(script))
})

test('a string in the tokens of a Lua script keeps its content', () => {
  expect(luaTokens(`'a  b' "it's" [[ c ]]`)).toEqual(['"a  b"', `"it's"`, '[[ c ]]'])
})

test.each([`'a" == 'b'`, 'return "', '[==[ ]]', '--[[ ]'])(
  'a Lua script with an unfinished part, such as %s, has no tokens',
  (script) => {
    expect(luaTokens(script)).toBeUndefined()
  },
)
