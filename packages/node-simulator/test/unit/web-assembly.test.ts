import { expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

/** A WebAssembly module with the function `count`. Each call adds one to a global variable of the module's instance. */
const BYTES =
  '[0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,6,6,1,127,1,65,0,11,7,9,1,5,99,111,117,110,116,0,0,10,13,1,11,0,35,0,65,1,106,36,0,35,0,11]'

test('starts of a program share a compiled WebAssembly module, but no instance', async () => {
  const program = serving(`
    const bytes = new Uint8Array(${BYTES})
    const again = new WebAssembly.Module(new Uint8Array(${BYTES}).buffer)
    const module = await WebAssembly.compile(bytes)
    const { instance } = await WebAssembly.instantiate(bytes)
    const other = new WebAssembly.Instance(again)
    console.log(module === again, module instanceof WebAssembly.Module, module.constructor === WebAssembly.Module)
    console.log(instance.exports.count(), instance.exports.count(), other.exports.count())
    try { new WebAssembly.Module(new Uint8Array(8)) } catch (error) { console.log(error.name) }
    try { WebAssembly.Module(bytes) } catch (error) { console.log(error.name) }
    class Own extends WebAssembly.Module {}
    console.log(new Own(bytes) instanceof Own)
  `)
  const { lines } = await ran(program, { nodes: 2 })
  const told = ['true true true', '1 2 1', 'CompileError', 'TypeError', 'true']
  for (const node of ['n1', 'n2'])
    expect(lines.filter((line) => line.startsWith(node))).toEqual(told.map((line) => `${node}: ${line}`))
})
