import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { toCaller, userMistake } from '../../src/search/user-mistake.ts'

/** The error as another thread receives it: its message, without its class and code. */
function sent(error: unknown): Error {
  try {
    toCaller(error)
  } catch (thrown) {
    return new Error(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

describe('a user error from another thread', () => {
  test('a user error that another thread sends keeps its code and its message', () => {
    const mistake = userMistake(sent(new UserError('input', 'p.ts: there is no such file.')))
    expect(mistake).toBeInstanceOf(UserError)
    expect(mistake).toMatchObject({ code: 'input', message: 'p.ts: there is no such file.' })
  })

  test.each([
    'out of range',
    'user error ',
    'user error of mine',
    'user error ["input"]',
    'user error ["fatal","it is over"]',
  ])('an internal error from another thread is not turned into a user error: %j', (message) => {
    expect(userMistake(sent(new Error(message)))).toBeUndefined()
  })
})
