//! The text of a PDF of ours, as a reader that looks for words in it finds it.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// The contents of all compressed streams, a character for each byte.
pub(super) fn streams(file: &[u8]) -> Vec<String> {
    let starts = file.windows(8).enumerate().filter(|(_, window)| *window == b"\nstream\n").map(|(at, _)| at + 8);
    let inflate = |start: usize| {
        let mut bytes = Vec::new();
        ZlibDecoder::new(&file[start..]).read_to_end(&mut bytes).unwrap();
        bytes.into_iter().map(char::from).collect()
    };
    starts.map(inflate).collect()
}

/// Every text of the page, in the order in which they are drawn: the numbers of its glyphs through the font's map of characters.
pub(super) fn texts(file: &[u8]) -> Vec<String> {
    let streams = streams(file);
    let maps: Vec<BTreeMap<u16, String>> =
        streams.iter().filter(|stream| stream.contains("begincmap")).map(|stream| characters(stream)).collect();
    let page = streams.iter().find(|stream| stream.contains("\nBT\n")).unwrap();
    let text = |object: &str| {
        let font: usize = object.split("/F").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
        let codes = codes(object.split_once('[').unwrap().1);
        codes.chunks_exact(2).map(|code| maps[font][&u16::from_be_bytes([code[0], code[1]])].as_str()).collect()
    };
    page.split("\nBT\n").skip(1).map(|object| text(object.split("\nET").next().unwrap())).collect()
}

/// From `<0003> <0041>` and the like.
fn characters(map: &str) -> BTreeMap<u16, String> {
    let hex = |text: &str| u16::from_str_radix(text, 16).ok();
    let pair = |line: &str| {
        let (code, characters) = line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <")?;
        let units: Option<Vec<u16>> = (0..characters.len()).step_by(4).map(|at| hex(&characters[at..at + 4])).collect();
        Some((hex(code)?, String::from_utf16(&units?).ok()?))
    };
    let begin = map.find("beginbfchar").unwrap();
    map[begin..].lines().filter_map(pair).collect()
}

/// The bytes of the strings in an array, up to its end; numbers between them move the pen only.
fn codes(array: &str) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut rest = array.chars();
    let mut depth = 0;
    while let Some(next) = rest.next() {
        match (next, depth) {
            (']', 0) => break,
            ('<', 0) => {
                let digits: String = rest.by_ref().take_while(|digit| *digit != '>').collect();
                codes.extend(
                    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()),
                );
            }
            ('(', 0) => depth = 1,
            (')', 1) => depth = 0,
            (_, 0) => {}
            ('\\', _) => codes.push(escaped(&mut rest)),
            (other, _) => {
                depth += i32::from(other == '(') - i32::from(other == ')');
                codes.push(other as u8);
            }
        }
    }
    codes
}

fn escaped(rest: &mut std::str::Chars<'_>) -> u8 {
    match rest.next().unwrap() {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'b' => 8,
        'f' => 12,
        first @ '0'..='7' => {
            let digits: String = [first].into_iter().chain(rest.by_ref().take(2)).collect();
            u8::from_str_radix(&digits, 8).unwrap()
        }
        other => other as u8,
    }
}
