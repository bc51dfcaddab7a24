import { gallery } from '@chaosproxy/scenarios'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { lackedBy } from '../../../src/gallery/run-exhibits.ts'

// Runs the gallery's exhibits: the weakness is found, and the cure has no violation. CHAOS_SOAK=short runs two quick
// exhibits that need no server and no package, once each.
const short = process.env['CHAOS_SOAK'] === 'short'
const QUICK = ['redlock-algorithm', 'blind-retry']
const exhibits = short ? gallery.filter(({ name }) => QUICK.includes(name)) : gallery
const seeds = short ? '1' : '3'

describe('the gallery of weaknesses', () => {
  test.for(exhibits)(
    'the weakness and the fix of $name have the outcomes that the gallery describes',
    async (exhibit, context) => {
      const lacks = await lackedBy(exhibit)
      if (lacks !== undefined) context.skip(lacks)
      const args = ['gallery', 'run', exhibit.name, '--seeds', seeds, '--json', '--out', temporaryDirectory()]
      const { stdout, stderr } = await chaos(args)
      const [{ outcome, lacks: uninstalled, ...told }] = JSON.parse(stdout || stderr).exhibits
      if (uninstalled !== undefined) context.skip(uninstalled)
      expect(outcome, JSON.stringify(told)).toBe('as described')
    },
  )
})
