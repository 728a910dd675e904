// The calls a pixel thread answers; the in-process workers run the very same.
import { join } from 'node:path'
import type { Region } from '../ports/frame.js'
import type { StackSettings, View } from '../ports/pixels.js'
import type { Served } from '../ports/remote.js'
import type { Card } from '../science/fits-header.js'
import type { Image } from '../science/samples.js'
import { focus, measure, readCards, render, type WorkSource } from './pixel-work.js'
import { type OpenStack, openStack } from './stack-work.js'

/** @param archive folder that paths of frames start from */
export function pixelMethods(archive: string) {
  const stacks = new Map<number, OpenStack>()
  let opened = 0
  const stack = (id: number) => stacks.get(id)!
  const methods = {
    measure: ({ source }: { source: WorkSource }) => measure(source, archive),
    focus: ({ image, region }: { image: Image; region: Region | undefined }) => focus(image, region),
    render: ({ path, view }: { path: string; view: View }) => render(path, view, archive),
    header: ({ path }: { path: string }) => readCards(join(archive, path)),
    stackOpen(settings: StackSettings) {
      stacks.set(++opened, openStack(settings, archive))
      return opened
    },
    stackAdd: ({ id, path, frame }: { id: number; path: string; frame: string }) => stack(id).add(path, frame),
    stackPicture: ({ id, view }: { id: number; view: View }) => stack(id).picture(view),
    stackGain: ({ id }: { id: number }) => stack(id).gain(),
    stackSave: ({ id, aside, cards }: { id: number; aside: string; cards: readonly Card[] }) =>
      stack(id).save(aside, cards),
    stackClose: ({ id }: { id: number }) => void stacks.delete(id),
  } satisfies Served
  return methods
}

export type PixelMethods = ReturnType<typeof pixelMethods>
