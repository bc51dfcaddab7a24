import { describe, expect, test } from 'vitest'
import { chaosHere } from '../../../../testing/src/chaos.ts'
import { actions } from '../../../src/proxy/actions.ts'

const helpOf = async (...words: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await chaosHere([...words, '--help', '--all'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

const commands = [...(await helpOf()).matchAll(/^ {2}chaos (\w+)/gm)].map(([, name]) => name!)

/** Returns the lines from a title to the next empty line. */
const under = (help: string, title: string): readonly string[] => {
  const lines = help.split('\n')
  const from = lines.indexOf(`${title}:`)
  if (from < 0) return []
  const to = lines.indexOf('', from)
  return lines.slice(from + 1, to < 0 ? undefined : to)
}

test('chaos --help lists the commands', () => {
  expect(commands).toEqual(expect.arrayContaining(['run', 'check', 'record', 'fuzz', 'ctl', 'completion']))
})

describe.each(commands)('chaos %s --help', (command) => {
  test('the help of each command has at least one example', async () => {
    const examples = under(await helpOf(command), 'Examples').join('\n')
    expect(examples).toMatch(/^ +(\w+ .*\| )?chaos /m)
  })

  test('the help of each command has every option in a group', async () => {
    const help = await helpOf(command)
    const alone = under(help, 'Options').filter((line) => /^ +(-\w, )?--/.test(line))
    const names = alone.map((line) => /--([\w-]+)/.exec(line)?.[1])
    expect(names.filter((name) => name !== 'all')).toEqual(['version', 'help'])
  })
})

test('chaos ctl --help lists every action as a command with a description', async () => {
  const listed = under(await helpOf('ctl'), 'Commands').join('\n')
  for (const { names, usage, summary } of actions)
    expect(listed.replaceAll(/\s+/g, ' ')).toContain(
      `chaos ctl ${names[0]} ${usage}${usage === '' ? '' : ' '}${summary}`,
    )
  expect(listed).toContain('chaos ctl watch')
})

test.each(['run', 'check', 'record'])('chaos %s --help describes --require in two lines', async (command) => {
  const [, after = ''] = (await helpOf(command)).split(/^ +--require /m)
  const lines = after.split('\n')
  expect(lines.findIndex((line) => /^ +--/.test(line))).toBeLessThanOrEqual(3)
})

describe.each(actions.map(({ names }) => names[0]))('chaos ctl %s --help', (action) => {
  test('chaos ctl ACTION --help describes the named action with its options, and no other action', async () => {
    const help = await helpOf('ctl', action)
    expect(help).toMatch(new RegExp(`^chaos ctl ${action}`))
    expect(under(help, 'Options').join('\n')).toContain('--host')
  })
})

test.each(['run', 'check', 'fuzz', 'record', 'proxy', 'simulate', 'compare'])(
  'chaos %s --help lists the common options on one screen, and names --all',
  async (command) => {
    const { stdout } = await chaosHere([command, '--help'])
    const all = await helpOf(command)
    const optionsIn = (help: string) =>
      [...help.split('Examples:')[0]!.matchAll(/^ {2,8}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(60)
    expect(optionsIn(stdout).length).toBeLessThanOrEqual(15)
    expect(stdout).toContain(`(with --help) list all ${optionsIn(all).length - 3} options`)
    for (const name of optionsIn(stdout)) expect(optionsIn(all)).toContain(name)
  },
)

test('--all is refused without --help', async () => {
  const { exitCode, stderr } = await chaosHere(['workloads', '--all'])
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('Unknown option --all')])
})
