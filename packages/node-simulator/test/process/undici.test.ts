import { expect, test } from 'vitest'
import { ran } from '../../../testing/src/simulated.ts'

/** A program that evaluates `asking` when its own server listens at `url`. */
const asks = (asking: string): string => `
  import { createServer } from 'node:http'
  import { Agent, fetch, request } from 'undici'
  createServer((request, response) => response.end(request.method)).listen(process.env['PORT'], async () => {
    const url = 'http://localhost:3000/'
    ${asking}
  })`

test("the package undici sends requests through the program's own dispatcher", async () => {
  const { lines } = await ran(
    asks(`
    const dispatcher = new Agent()
    console.log(await (await fetch(url, { dispatcher })).text())
    console.log(await (await request(url, { dispatcher, method: 'PUT' })).body.text())`),
  )
  expect(lines).toEqual(['n1: GET', 'n1: PUT'])
})

test('a call of the package undici is refused if the program passes no dispatcher', async () => {
  await expect(ran(asks('await fetch(url)'))).rejects.toThrow(
    "the dispatcher of Node's own fetch, which the package undici uses as well, cannot be simulated: it opens a real connection. Use the global fetch, or give each call of undici a dispatcher: fetch(url, { dispatcher: new Agent() }).",
  )
})
