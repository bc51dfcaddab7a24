import { expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

const PACKAGES = {
  'packages/node_modules/mapper/package.json': JSON.stringify({
    name: 'mapper',
    peerDependenciesMeta: { driver: { optional: true }, absent: { optional: true } },
  }),
  'packages/node_modules/mapper/index.js': `
    exports.load = (name) => {
      try { return require(name) } catch (error) { if (error.code !== 'MODULE_NOT_FOUND') throw error; return error.code }
    }`,
  'packages/node_modules/driver/index.js': `console.log('loaded'); module.exports = 'a driver'`,
  'packages/node_modules/other/index.js': `module.exports = 'no peer'`,
}

const loading = (name: string) =>
  serving(`
  import { load } from './packages/node_modules/mapper/index.js'
  console.log(load('absent'))
  console.log(load('${name}'))`)

test('a package can load its optional peers by computed names, as Sequelize does', async () => {
  const { lines } = await ran(loading('driver'), { beside: PACKAGES })
  expect(lines).toEqual(['n1: MODULE_NOT_FOUND', 'n1: loaded', 'n1: a driver'])
})

test('a package that is not a peer cannot be loaded by a computed name', async () => {
  await expect(ran(loading('other'), { beside: PACKAGES })).rejects.toThrow('its path is computed')
})
