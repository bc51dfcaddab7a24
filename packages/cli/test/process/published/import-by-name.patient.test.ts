import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importUserFile } from '@chaosproxy/targets/user-file'
import { describe, expect } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

/** A folder with files, outside every `node_modules` directory that contains this program. */
function filesOf(files: { readonly [name: string]: string }): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

const workload = `
import { check, millis, type WorkloadModule } from 'chaosproxy'
if (check([]).levels.linearizable.result !== 'unknown') throw new Error('that is not check')
export default {
  name: 'own', model: 'register', functions: ['read', 'write'], reads: ['read'],
  create() {
    let last = Number(millis(0))
    return { client: (random) => ({ next: () => random.chance(0.5) ? { f: 'read', key: 'x', value: null } : { f: 'write', key: 'x', value: ++last } }) }
  },
} satisfies WorkloadModule
`

const stack = `
import { UserError } from 'chaosproxy'
export const refuse = () => { throw new UserError('input', 'no') }
`

const model = `
import type { Model } from 'chaosproxy'
import { refuse } from './refuse.ts'
export default {
  name: 'cell', initial: null,
  apply: (state, { f, value }) => f === 'put' ? [value, null] : f === 'get' ? [state, state] : refuse(),
  key: (state) => JSON.stringify(state),
} satisfies Model<unknown>
`

describe('the import of chaosproxy in a user file outside node_modules', () => {
  patientTest(
    'the import of chaosproxy resolves to the running version in a workload that chaos run loads',
    async () => {
      const cwd = filesOf({ 'own.ts': workload })
      const args = ['run', '--sim', '--workload', './own.ts', '--time', '1s', '--faults', 'none', '--json']
      const { stdout, stderr, exitCode } = await chaos(args, { cwd })
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
      expect(JSON.parse(stdout).headline).toBe('linearizable')
    },
  )

  patientTest(
    "the import of chaosproxy resolves to the running version in a file imported by a user's model",
    async () => {
      const lines = [
        '{"process":0,"type":"invoke","f":"put","value":1}',
        '{"process":0,"type":"ok","f":"put","value":null}',
      ]
      const cwd = filesOf({ 'model.ts': model, 'refuse.ts': stack, 'h.jsonl': lines.join('\n') })
      const { stdout, exitCode } = await chaos(['check', 'h.jsonl', '--model', './model.ts', '--json'], { cwd })
      expect(JSON.parse(stdout)).toMatchObject({ model: 'cell', levels: { linearizable: { result: 'met' } } })
      expect(exitCode).toBe(0)
    },
  )

  test('the import of an unknown package fails in a user file outside node_modules', async () => {
    const directory = filesOf({ 'wrong.ts': `import 'chaosproxx'\nexport default {}` })
    await expect(importUserFile(join(directory, 'wrong.ts'))).rejects.toThrow(/does not run: .*chaosproxx/)
  })
})
