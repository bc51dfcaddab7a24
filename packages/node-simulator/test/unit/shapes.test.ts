import http from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { expect, test } from 'vitest'
import { setPrototypeOfMessages, signalOf } from '../../src/builtins/http/shapes.ts'

setFlagsFromString('--allow-natives-syntax')
const haveOneClass = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean
setFlagsFromString('--no-allow-natives-syntax')

const requestOf = (application: object): http.IncomingMessage & { next?: string } =>
  setPrototypeOfMessages(new http.IncomingMessage(null as never), application) as http.IncomingMessage

test('requests to an application share one hidden class, even after the application adds a property to each request', () => {
  const application: object = Object.create(http.IncomingMessage.prototype)
  const [one, other] = [requestOf(application), requestOf(application)]
  for (const each of [one, other]) each.next = 'added'
  expect(haveOneClass(one, other)).toBe(true)
  expect(Object.getPrototypeOf(one)).toBe(application)
  const plain = new http.IncomingMessage(null as never)
  expect(Object.keys(one)).toEqual([...Object.keys(plain), 'next'])
  expect(Object.getOwnPropertySymbols(one)).toEqual(Object.getOwnPropertySymbols(plain))
})

test('abort signals share one hidden class', () => {
  const [one, other] = [signalOf(new AbortController()), signalOf(new AbortController())]
  expect(haveOneClass(one, other)).toBe(true)
})

test('setPrototypeOfMessages changes neither a Proxy of a message nor a non-extensible message', () => {
  const noticed: string[] = []
  const noticing = new Proxy(new http.IncomingMessage(null as never), {
    defineProperty: (target, name, descriptor) => {
      noticed.push(String(name))
      return Reflect.defineProperty(target, name, descriptor)
    },
  })
  const fixed = Object.preventExtensions(new http.IncomingMessage(null as never))
  expect(setPrototypeOfMessages(noticing, http.IncomingMessage.prototype)).toBe(noticing)
  expect(setPrototypeOfMessages(fixed, http.IncomingMessage.prototype)).toBe(fixed)
  expect(noticed).toEqual([])
})
