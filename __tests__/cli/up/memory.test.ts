import { Memory } from "../../../cli/up/memory";

const MB = 1024 * 1024;

describe("the memory of a run", () => {
  it("is the most that was seen, and the most since the last mark", () => {
    let resident = 100 * MB;
    const memory = new Memory(() => resident);
    const at = (megabytes: number) => {
      resident = megabytes * MB;
      return memory;
    };
    expect(at(300).peak).toBe(300);
    expect(at(200).mark()).toBe(300);
    expect(at(250).mark()).toBe(250);
    expect(at(150).peak).toBe(300);
    memory.stop();
  });
});
