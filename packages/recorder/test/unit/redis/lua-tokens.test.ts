import { expect, test } from 'vitest'
import { luaTokens } from '../../../src/redis/scripts.ts'

test('a Lua script may have the line ends of Windows', () => {
  const script = 'if a then\n  -- a comment\n  return 1\nend'
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(['if', 'a', 'then', 'return', '1', 'end'])
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(luaTokens(script))
})

test('a Lua string keeps its content', () => {
  expect(luaTokens(`'a  b' "it's" [[ c ]]`)).toEqual(['"a  b"', `"it's"`, '[[ c ]]'])
})

test.each([`'a" == 'b'`, 'return "', '[==[ ]]', '--[[ ]'])(
  'a Lua script with an unfinished %s cannot be read',
  (script) => {
    expect(luaTokens(script)).toBeUndefined()
  },
)
