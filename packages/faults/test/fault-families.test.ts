import { familyOf, faultFamilies, parseTrafficFault, trafficFaultKinds } from '@chaos/faults'
import { expect, test } from 'vitest'

test('no kind of fault belongs to two families', () => {
  expect(new Set(trafficFaultKinds).size).toBe(trafficFaultKinds.length)
  for (const { name, harms } of faultFamilies)
    for (const kind of Object.keys(harms)) expect(familyOf(kind)?.name).toBe(name)
})

test('a fault is read by its family, and an unknown one is told all there are', () => {
  const links = ['clients>n1']
  expect(parseTrafficFault({ kind: 'refuse', links }, 'x').kind).toBe('refuse')
  expect(parseTrafficFault({ kind: 'drop-message', links }, 'x').kind).toBe('drop-message')
  expect(parseTrafficFault({ kind: 'lose-reply', links }, 'x').kind).toBe('lose-reply')
  expect(() => parseTrafficFault({ kind: 'toString', links }, 'f.json')).toThrow(
    /^f\.json: there is no fault "toString"/,
  )
  expect(() => parseTrafficFault({ links }, 'f.json')).toThrow('f.json: "kind" is missing. Known: partition, ')
})
