import { readFileSync } from 'node:fs'
import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Interpretation, UNSAID } from '../../../src/record/call.ts'
import { analyse } from '../../../src/redis/analyse.ts'
import { completionsOf } from '../../../src/redis/command-reader.ts'
import { commandModels, commandSet } from '../../../src/redis/command-set.ts'
import { KeySpace } from '../../../src/redis/key-space.ts'

// Compares the tables of REDIS.md with the code.

const page = readFileSync(new URL('../../../docs/REDIS.md', import.meta.url), 'utf8')

/** Returns the cells of the table that follows a comment of the page, without the backquotes of Markdown. */
function tableBehind(comment: string): readonly (readonly string[])[] {
  const [, rest = ''] = page.split(`<!-- ${comment} -->`)
  const [table = ''] = rest.split('<!--')
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const analysed = (text: string) => {
  const words = text.split(' ')
  return analyse(words[0] ?? '', words, { commands: commandSet(), keySpace: new KeySpace(), database: '0' })
}

describe('the page about Redis in the manual', () => {
  test.each(tableBehind('operations'))(
    'the Redis manual lists for the command %s the operation %s, and for the reply %s the outcome %s',
    (command, recorded, answer, ends) => {
      const what = analysed(command)
      if (what.recognised === undefined) throw new Error(`${command} is no operation`)
      const { parts, touches, lifetimes: [lifetime] = [] } = what.recognised
      const calls = parts.map(({ call: { f, key, value } }) => {
        const said = value === UNSAID || (value === null && f === 'read') ? '' : ` ${JSON.stringify(value)}`
        return `${f} ${String(key)}${said}`
      })
      const lasts = lifetime === undefined ? '' : `, which lasts ${lifetime.afterMs} ms`
      const also = touches === undefined ? '' : `, and touches ${touches.keys.join(', ')}`
      expect(`${calls.join(', ')}${lasts}${also}`).toBe(recorded)
      const made = completionsOf(what.recognised, JSON.parse(answer) as Json)
      const completions: readonly Interpretation[] = 'type' in made ? parts.map(() => made) : made
      const said = completions.map((each) => ('value' in each ? `ok ${JSON.stringify(each.value)}` : each.type))
      expect(said.join(', ')).toBe(ends)
    },
  )

  test.each(tableBehind('touches'))('the manual describes what the command %s may change: %s', (command, touched) => {
    const what = analysed(command)
    if (what.recognised !== undefined) throw new Error(`${command} is an operation`)
    const [lifetime] = what.lifetimes ?? []
    if (lifetime !== undefined) {
      expect(`nothing; ${lifetime.key} lasts ${lifetime.afterMs} ms`).toBe(touched)
      return
    }
    expect(typeof what.touches === 'string' ? what.touches : what.touches.keys.join(', ')).toBe(touched)
  })

  test('the Redis manual names every model and every command that can be recorded', () => {
    for (const model of commandModels) {
      expect(page).toContain(`\`${model}\``)
      if (model === 'register') continue
      for (const name of commandSet({ model }).readers.keys()) expect(page).toMatch(new RegExp(`\\b${name}\\b`))
    }
    const recorded = new Set(tableBehind('operations').map(([command = '']) => command.split(' ')[0]))
    const alike = ['PSETEX', 'UNLINK', 'DELIFEQ', 'DECR', 'INCRBY', 'HGET', 'HMSET', 'HINCRBYFLOAT', 'RENAMENX']
    const described = ['FLUSHALL', 'FLUSHDB', 'EVAL', 'EVALSHA', 'SCRIPT']
    for (const name of described) expect(page).toMatch(new RegExp(`\\b${name}\\b`))
    const missing = [...commandSet().readers.keys()].filter(
      (name) => !recorded.has(name) && ![...alike, ...described].includes(name),
    )
    expect(missing).toEqual([])
  })
})
