import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { root, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

const action = join(root, 'packages', 'cli', 'action')
const text = readFileSync(join(action, 'action.yml'), 'utf8')
const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'ci.md'), 'utf8')
const fenced = (language: string) =>
  [...manual.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!)

/** A project with chaos installed, some histories, and a short run. */
function project(target: 'raft' | 'primary-replica' = 'raft'): string {
  const cwd = temporaryDirectory()
  for (const name of ['histories', 'node_modules']) symlinkSync(join(root, name), join(cwd, name))
  const config = { target: `sim:${target}`, expect: 'linearizable', seed: 1, faults: ['partition'] }
  const runs = { smoke: { timeMs: 1_000, rate: 200 } }
  writeFileSync(join(cwd, 'chaos.config.ts'), `export default ${JSON.stringify({ ...config, runs })}\n`)
  return cwd
}

const runLine = (): string => /^ {6}run: (.*)$/m.exec(text)![1]!

async function act(command: string, cwd = project()) {
  const output = join(cwd, 'output')
  writeFileSync(output, '')
  const { finished } = startProcess('bash', ['-c', runLine()], {
    cwd,
    env: { CHAOS_COMMAND: command, GITHUB_ACTION_PATH: action, GITHUB_OUTPUT: output, GITHUB_ACTIONS: 'true' },
  })
  return { cwd, ...(await finished), output: readFileSync(output, 'utf8') }
}

describe('the composite GitHub action', () => {
  test('the GitHub action fails the step on a stale read, and annotates the read', async () => {
    const { cwd, exitCode, stdout, output } = await act('check histories/stale-read.jsonl --expect linearizable')
    expect([exitCode, output]).toEqual([1, 'exit-code=1\n'])
    expect(stdout).toMatch(/^::error /m)
    expect(existsSync(join(cwd, 'junit.xml'))).toBe(true)
  })

  test('the GitHub action passes on a history without a stale read', async () => {
    const { exitCode, stdout, output } = await act('check histories/fresh-read.jsonl --expect linearizable')
    expect([exitCode, output]).toEqual([0, 'exit-code=0\n'])
    expect(stdout).toContain('LINEARIZABLE')
  })

  patientTest(
    'the GitHub action uploads an artifact after a failing run, and each path of the artifact exists',
    async () => {
      expect(text).toMatch(/- if: failure\(\)\n {6}uses: actions\/upload-artifact@/)
      const { cwd, exitCode } = await act('run --sim --target primary-replica --time 3s --seed 1 --expect linearizable')
      expect(exitCode).toBe(1)
      const kept = [...text.slice(text.indexOf('path: |')).matchAll(/^ {10}(\S+)$/gm)].map(([, path]) => path!)
      expect(kept).toEqual(['chaos-results/', 'junit.xml'])
      for (const path of kept) expect(existsSync(join(cwd, path)), path).toBe(true)
      const [run = ''] = readdirSync(join(cwd, 'chaos-results'))
      expect(readdirSync(join(cwd, 'chaos-results', run))).toEqual(
        expect.arrayContaining(['history.jsonl', 'report.html', 'run.json']),
      )
    },
  )

  test('the GitHub action splits its command into words like a shell, and executes no shell code in the command', async () => {
    const { cwd, exitCode, stderr } = await act(`check "histories/fresh-read.jsonl" '$(touch taken)' ; touch taken`)
    expect(exitCode, stderr).toBe(3)
    expect(existsSync(join(cwd, 'taken'))).toBe(false)
  })

  test.each([
    "check histories/stale-read.jsonl it's --expect linearizable",
    'check "histories/stale-read.jsonl --expect linearizable',
  ])(
    'the GitHub action refuses a command with an open quote, instead of dropping the rest of the command: %s',
    async (command) => {
      const { exitCode, stdout, stderr, output } = await act(command)
      expect({ exitCode, stdout, output }).toEqual({ exitCode: 3, stdout: '', output: 'exit-code=3\n' })
      expect(stderr).toContain('close every quote')
    },
  )
})

test('the workflow for a Compose project has ten lines, and ends with the commands that are tested on containers', () => {
  const page = readFileSync(join(root, 'packages', 'cli', 'docs', 'containers.md'), 'utf8')
  const [, workflow = ''] = /```yaml\n(on: [\s\S]*?)```/.exec(page) ?? []
  const [up = '', run = ''] = (/```text\n([\s\S]*?)```/.exec(page)?.[1] ?? '').split('\n')
  const steps = [...workflow.matchAll(/- run: (.*)/g)].map(([, command]) => command)
  expect(workflow.trim().split('\n')).toHaveLength(10)
  expect(steps.slice(-2)).toEqual([up, `sudo env "PATH=$PATH" ${run}`])
})

describe('the workflows of the manual', () => {
  // The test in soak/published/published.test.ts also runs these scripts. It uses the installed package and a real
  // service.
  patientTest('the workflows of the manual make a shell script fail if the promise is broken', async () => {
    const gate = fenced('bash').find((script) => script.includes('case $?')) ?? ''
    const run = (cwd: string) => startProcess('bash', ['-c', gate], { cwd }).finished
    expect(await run(project())).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('was kept') })
    const broken = await run(project('primary-replica'))
    expect(broken).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('was broken') })
  })

  patientTest('the workflows of the manual contain commands for GitHub and GitLab that chaos accepts', async () => {
    const [github = '', gitlab = ''] = fenced('yaml')
    const command = /command: (.*)/.exec(github)![1]!
    expect((await act(command)).exitCode).toBe(0)
    expect((await act(command, project('primary-replica'))).exitCode).toBe(1)
    const cwd = project()
    for (const [, line] of gitlab.matchAll(/^ {4}- (npx .*)$/gm))
      expect((await startProcess('bash', ['-c', line!], { cwd }).finished).exitCode, line).toBe(0)
    expect(existsSync(join(cwd, 'junit.xml'))).toBe(true)
  })

  test("the workflows in the manual are valid YAML for Python's parser", async ({ skip }) => {
    const parse = (yaml: string) => {
      const cwd = temporaryDirectory()
      writeFileSync(join(cwd, 'it.yml'), yaml)
      const script = 'import json, yaml; print(json.dumps(list(yaml.safe_load(open("it.yml")))))'
      return startProcess('python3', ['-c', script], { cwd }).finished
    }
    const probe = await startProcess('python3', ['-c', 'import yaml'], {}).finished.catch(() => undefined)
    skip(probe?.exitCode !== 0, 'needs python3 with yaml')
    for (const yaml of [text, ...fenced('yaml')]) {
      const { exitCode, stderr } = await parse(yaml)
      expect(exitCode, stderr).toBe(0)
    }
  })
})
