/**
 * Modules on disk by the hash of what they say. What is read is hashed again, so a damaged file is never run.
 *
 * @module
 */
import { join } from "@std/path";
import { fail, type Logger } from "../core/mod.ts";
import { ioReason } from "./io_reason.ts";
import { sha256 } from "./sha256.ts";

/** What is needed to keep modules. */
export interface ModuleCacheOptions {
  /** Made when the first module is kept. */
  readonly folder: string;
  /** Hears of damaged files. */
  readonly log: Logger;
  /** @default {Deno.writeFile} */
  readonly writeFile?: (path: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
}

const MODULE_FILE = /^([0-9a-f]{64})\.module$/;

/**
 * A folder of modules.
 *
 * - What is read has the hash that was asked for.
 * - A file is whole or not there, whoever writes at the same time and whenever the disk is full.
 */
export class ModuleCache {
  readonly folder: string;
  readonly #log: Logger;
  readonly #writeFile: (path: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

  constructor({ folder, log, writeFile = Deno.writeFile }: ModuleCacheOptions) {
    this.folder = folder;
    this.#log = log;
    this.#writeFile = writeFile;
  }

  /** The file of a hash (SHA-256 in hex). */
  pathOf(hash: string): string {
    return join(this.folder, `${hash}.module`);
  }

  /**
   * The module with this hash, or what keeps it from being had.
   *
   * @throws KuiperError `io` when its file is there but cannot be read.
   */
  async read(hash: string): Promise<Uint8Array<ArrayBuffer> | "absent" | "damaged"> {
    const path = this.pathOf(hash);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "absent";
      throw fail("io", `Cannot read the module ${path}: ${ioReason(error)}`, error);
    }
    const found = await sha256(bytes);
    if (found === hash) return bytes;
    this.#log.warn(`Not used: ${path} is damaged, its hash is ${found}`);
    return "damaged";
  }

  /**
   * Keep a module, in the place of a damaged one too; the result is its hash.
   *
   * @throws KuiperError `io` when it cannot be written; then nothing of it is left.
   */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const hash = await sha256(bytes);
    if (await this.#has(hash)) return hash;
    const path = this.pathOf(hash);
    const unfinished = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.mkdir(this.folder, { recursive: true });
      try {
        await this.#writeFile(unfinished, bytes);
        await Deno.rename(unfinished, path);
      } catch (error) {
        await Deno.remove(unfinished).catch(() => {});
        throw error;
      }
    } catch (error) {
      throw fail("io", `Cannot keep a module in ${this.folder}: ${ioReason(error)}`, error);
    }
    return hash;
  }

  /**
   * Remove the modules whose hashes are not in `kept`. Call it while nobody keeps modules that he will pin. What cannot
   * be removed stays.
   */
  async prune(kept: ReadonlySet<string>): Promise<void> {
    try {
      for await (const { name } of Deno.readDir(this.folder)) {
        const [, hash] = MODULE_FILE.exec(name) ?? [];
        if (hash !== undefined && !kept.has(hash)) await Deno.remove(join(this.folder, name));
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      this.#log.debug(`Cannot remove modules that nothing needs: ${ioReason(error)}`);
    }
  }

  async #has(hash: string): Promise<boolean> {
    try {
      return await sha256(await Deno.readFile(this.pathOf(hash))) === hash;
    } catch {
      // Absent or unreadable: it is written, which tells what is wrong.
      return false;
    }
  }
}
