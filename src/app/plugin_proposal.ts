import type { PluginOf } from "../config/mod.ts";
import type { Manifest } from "../contract/mod.ts";
import type { Denials, GrantKind } from "../loader/mod.ts";
import type { SeenQuery, SeenRule, SeenStream } from "../store/mod.ts";

/** One module of a plugin by URL. */
export interface ProposedModule {
  readonly url: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** What is different from the code that was approved before. */
export interface ProposedChanges {
  /** Modules that came, went or are other than they were; of a changed one, how. */
  readonly modules: readonly {
    readonly kind: "added" | "removed" | "changed";
    readonly url: string;
    /** The unified difference of the code; absent when the old code is no longer there to compare with. */
    readonly diff?: string;
  }[];
  /** Facts of the manifest, imports and permissions that changed, for people; `none` where there was nothing. */
  readonly facts: readonly {
    readonly what: string;
    readonly before: string;
    readonly after: string;
  }[];
}

/** Code that was fetched and checked but not approved: nothing has been written. */
export interface PluginProposal {
  readonly name: string;
  readonly of: PluginOf;
  readonly url: string;
  /** The entry first. */
  readonly modules: readonly ProposedModule[];
  /** sha256 over all modules, in hex. */
  readonly hash: string;
  /** Read from the code without running it; absent when it has none. */
  readonly manifest?: Manifest;
  readonly nodeModules: readonly string[];
  /** Origins beside the entry's own that modules come from. */
  readonly origins: readonly string[];
  /** What the manifest asks for, for people. */
  readonly asks: string;
  /** What it would be given, for people. */
  readonly grant: string;
  readonly isolation: "worker" | "process";
  /** What its process would be held to, for people; absent when that stays as it is. */
  readonly limits?: string;
  /** How it would be started again, for people; absent when that stays as it is. */
  readonly restart?: string;
  /** Whether and by whom it is signed, for people. */
  readonly signature: string;
  /** Absent when no code of this plugin was approved before. */
  readonly changes?: ProposedChanges;
  /**
   * What its new code asks for, or the grant that it is imported with has, beyond the grant that it has here, such as
   * `net "a.b:443"`; empty when it was given too, and when it has none here.
   */
  readonly wider: readonly string[];
  /** Write etc/plugins.yaml, kuiper.lock and the modules: all or nothing. */
  approve(): Promise<void>;
}

/** What to fetch and how it would run. */
export interface ProposeOptions {
  readonly name: string;
  /** @default {what it is already, else "source"} */
  readonly of?: PluginOf;
  /** Absent for one that is there already. */
  readonly url?: string;
  /** Kinds that are granted otherwise than the manifest asks; `true` is everything of the kind. */
  readonly grant?: Readonly<Partial<Record<GrantKind, readonly string[] | true>>>;
  /** Leave the grant as it is, whatever the new code asks for. @default {false} */
  readonly keepGrant?: boolean;
  readonly isolation?: "worker" | "process";
  readonly signal?: AbortSignal;
}

/** A plugin in a list. */
export interface PluginSummary {
  readonly name: string;
  /** What it is. */
  readonly of: PluginOf;
  /** Its URL or file. */
  readonly from: string;
  readonly kind: "url" | "file";
  readonly version?: string;
  readonly isolation: "worker" | "process";
  readonly grant: string;
  /** Of a plugin by URL: sha256 over its approved modules; absent when none were approved. Of a file that is pinned: its. */
  readonly hash?: string;
}

/** Everything that is known of a plugin without running it. */
export interface PluginDescription extends PluginSummary {
  readonly description?: string;
  readonly licence?: string;
  /** The names of its properties. */
  readonly properties: readonly string[];
  /** What its manifest asks for, for people. */
  readonly asks: string;
  readonly nodeModules: readonly string[];
  readonly modules: readonly ProposedModule[];
  /** Of a plugin by URL: whether and by whom it is signed, for people. */
  readonly signature?: string;
  /** For people; absent for a worker. */
  readonly limits?: string;
  /** How its isolate is started again when it is lost, for people. */
  readonly restart: string;
  /** The program that is put around its process; absent without one. */
  readonly wrapper?: string;
  readonly contract: number;
  /** The stored streams that use it, of a source. */
  readonly streams: readonly string[];
  /**
   * Of a plugin by URL: its streams, or the rules with it, in every process that runs now, with the code that each runs;
   * absent when there is none.
   */
  readonly running?: readonly (SeenStream | SeenRule | SeenQuery)[];
  /** The stored rules that use it, of a sink or function. */
  readonly rules: readonly string[];
  /** A sentence for each stored stream or rule that cannot be read, and so may use it; absent when there is none. */
  readonly unreadable?: readonly string[];
  /** What it was denied; absent when nothing was. */
  readonly denied?: Denials;
}
