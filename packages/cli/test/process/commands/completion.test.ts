import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'

const script = async (shell: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await chaosHere(['completion', shell])
  expect(exitCode, stderr).toBe(0)
  return stdout
}

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0

/** Returns the completions that bash offers for the last of these words. */
function offered(completion: string, words: readonly string[]): string[] {
  const asked = `${completion}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _chaos; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', asked], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout.trim().split('\n')
}

/** Types a text and Tab into an interactive zsh on its own terminal, and waits for the awaited text. */
function drivenZsh(completion: string, typed: string, awaited: string) {
  const program = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT="% "; autoload -Uz compinit && compinit -u -D; source ${completion}; print REA""DY'
zpty -r -m shell line '*READY*'
zpty -w -n shell '${typed}'$'\\t'
zpty -r -m shell line '*${awaited}*' || exit 1
print -r -- "$line"
zpty -d shell`
  return spawnSync('zsh', ['-f', '-c', program], { encoding: 'utf8', timeout: 60_000 })
}

describe('chaos completion', () => {
  test.skipIf(!isInstalled('bash'))(
    'chaos completion offers commands, their options and the actions of ctl in bash',
    async () => {
      const completion = await script('bash')
      expect(offered(completion, ['chaos', 'ru'])).toEqual(['run'])
      expect(offered(completion, ['chaos', 'run', '--verify'])).toEqual(['--verify-determinism'])
      expect(offered(completion, ['chaos', 'ctl', 'ins'])).toEqual(['inspect'])
      expect(offered(completion, ['chaos', 'nothing', 'x'])).toEqual([''])
      expect(offered(completion, ['npx', 'chaos', 'ru'])).toEqual(['run'])
      expect(offered(completion, ['npx', 'chaos', 'ctl', 'ins'])).toEqual(['inspect'])
      expect(offered(completion, ['npx', 'vitest', 'ru'])).toEqual([''])
    },
  )

  test.skipIf(!isInstalled('bash'))(
    'chaos completion does not replace an existing completion of npx in bash',
    async () => {
      const asked = `complete -F _of_npm npx\n${await script('bash')}\ncomplete -p npx chaos`
      const { stdout } = spawnSync('bash', ['-c', asked], { encoding: 'utf8' })
      expect(stdout).toBe('complete -F _of_npm npx\ncomplete -o default -F _chaos chaos\n')
    },
  )

  test.skipIf(!isInstalled('zsh'))(
    'chaos completion offers commands and options in an interactive zsh on Tab',
    async () => {
      const file = join(temporaryDirectory(), 'chaos.zsh')
      writeFileSync(file, await script('zsh'))
      const lines = {
        'chaos ru': 'chaos run',
        'chaos run --ta': 'chaos run --target',
        'chaos ctl ins': 'chaos ctl inspect',
        'npx chaos ctl ins': 'npx chaos ctl inspect',
      }
      for (const [typed, completed] of Object.entries(lines)) {
        const { stdout, stderr, status } = drivenZsh(file, typed, completed)
        expect(status, `${typed}: ${stdout}${stderr}`).toBe(0)
        expect(stdout).toContain(completed)
      }
    },
  )

  test('chaos completion describes each command and option in fish', async () => {
    const completion = await script('fish')
    expect(completion).toMatch(/^ +complete -c \$program -n __chaos_within -f -a run -d '.+'$/m)
    expect(completion).toMatch(/^ +complete -c \$program -n '__chaos_within run' -l seed -r -d '.+'$/m)
  })

  test.skipIf(!isInstalled('fish'))('chaos completion offers commands and options in fish', async () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'chaos.fish')
    writeFileSync(file, await script('fish'))
    const offers = (typed: string) => {
      const { status, stdout, stderr } = spawnSync(
        'fish',
        ['--no-config', '-c', `source ${file}; complete -C '${typed}'`],
        { encoding: 'utf8', env: { ...process.env, HOME: directory } },
      )
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      return stdout.trim().split('\n')
    }
    expect(offers('chaos ru')).toEqual([expect.stringMatching(/^run\t\w.*/)])
    expect(offers('chaos run --ta')).toEqual([expect.stringMatching(/^--target\t\w.*/)])
    expect(offers('chaos ctl ins')).toEqual([expect.stringMatching(/^inspect\tshow one proxy: /)])
    expect(offers('./node_modules/.bin/chaos ctl ins')).toEqual([expect.stringMatching(/^inspect\tshow one proxy: /)])
    expect(offers('npx chaos ru')).toEqual([expect.stringMatching(/^run\t\w.*/)])
    expect(offers('npx chaos run --ta')).toEqual([expect.stringMatching(/^--target\t\w.*/)])
    expect(offers('npx vitest run --targ')).toEqual([''])
    expect(offers('chaos check run --ta')).toEqual([''])
  })

  test('chaos completion names the three supported shells if a shell is misspelt', async () => {
    const { exitCode, stderr } = await chaosHere(['completion', 'zhs'])
    expect(exitCode).toBe(3)
    expect(stderr).toBe('There is no completion for "zhs". Did you mean zsh? Known: bash, zsh, fish.\n')
  })
})

describe('the help', () => {
  test('the help has a page for each action of chaos ctl', async () => {
    const { exitCode, stdout } = await chaosHere(['ctl', 'add', '--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^chaos ctl add KIND PROXY\|LINK/)
    expect(stdout).toMatch(/--lease +id of a lease; the fault heals when this lease ends/)
    expect((await chaosHere(['ctl', 'reset', '-h'])).stdout).not.toContain('--lease')
  })

  test('the help groups the options of chaos run', async () => {
    const { stdout } = await chaosHere(['run', '--help'])
    for (const title of ['What is tested', 'What clients do', 'What goes wrong', 'What must hold', 'Output'])
      expect(stdout).toContain(`\n${title}:\n`)
    expect(stdout.match(/^ +--seed /gm)).toHaveLength(1)
  })
})
