"""Reading files: no row lost, no row torn, and errors that name the place."""

from __future__ import annotations

import pytest

from conflict_nlp.errors import DataError
from conflict_nlp.files import (
    Row,
    count_lines,
    decode_lines,
    read_csv,
    read_document,
    read_jsonl,
)

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def test_document_keeps_line_ends_and_drops_the_mark(write):
    assert read_document(write("a.txt", BOM + "سطر\r\nآخر\n".encode())) == "سطر\r\nآخر\n"


def test_not_utf8_names_file_byte_and_position(write):
    path = write("a.txt", "سطر\n".encode() + "قصف".encode("cp1256"))
    with pytest.raises(DataError, match=r"a\.txt is not UTF-8: byte 0xde at offset 4.*iconv"):
        read_document(path)


def test_decoding_takes_a_line_at_a_time():
    def lines():
        yield "أول\n".encode()
        raise RuntimeError("read too far")

    assert next(decode_lines(lines(), "stdin")) == "أول\n"


def test_jsonl_rows_come_out_with_their_lines(write):
    path = write(
        "a.jsonl",
        BOM + '{"text": "أول"}\n\n{"text": null}\r\n{"text": 3, "id": 1}'.encode(),
    )
    assert list(read_jsonl(path)) == [Row(1, "أول"), Row(3, None), Row(4, 3)]


def test_malformed_jsonl_rows_are_rows_with_an_error(write):
    path = write("a.jsonl", '{"text": "أ"\n["text"]\n{"body": "ب"}\n{"text": "ج"}\n')
    rows = list(read_jsonl(path))
    assert [row.text for row in rows] == ['{"text": "أ"', '["text"]', '{"body": "ب"}', "ج"]
    assert "line 1 is not JSON" in rows[0].error
    assert rows[1].error == "line 2 is not a JSON object with a field 'text'"
    assert "line 3" in rows[2].error
    assert rows[3].error is None


def test_deeply_nested_json_is_an_error_row(write):
    rows = list(read_jsonl(write("a.jsonl", "[" * 100_000 + "\n" + '{"text": "ب"}')))
    assert rows[0].error is not None
    assert rows[1] == Row(2, "ب")


def test_jsonl_field_can_be_named(write):
    assert list(read_jsonl(write("a.jsonl", '{"body": "ب"}'), "body")) == [Row(1, "ب")]


def test_csv_quoting(write):
    path = write(
        "a.csv", BOM + 'id,text\r\n1,"قال ""نعم"", ثم\r\nانسحب"\r\n\r\n2,\r\n3,عادي'.encode()
    )
    assert list(read_csv(path)) == [
        Row(2, 'قال "نعم", ثم\r\nانسحب'),
        Row(5, ""),
        Row(6, "عادي"),
    ]


def test_csv_rows_of_the_wrong_width_are_rows_with_an_error(write):
    rows = list(read_csv(write("a.csv", "id,text\n1,قصف, ثم انسحب\n2\n3,عادي\n")))
    assert rows[0] == Row(2, "1,قصف, ثم انسحب", "line 2 has 3 fields, the header 2")
    assert rows[1] == Row(3, "2", "line 3 has 1 fields, the header 2")
    assert rows[2] == Row(4, "عادي")


def test_an_unclosed_quote_does_not_swallow_the_rows_after_it(write):
    path = write("a.csv", 'id,text\n1,أول\n2,"لم يغلق\n3,ثالث\n4,"را\nبع"\n5,خامس\n')
    rows = list(read_csv(path))
    # The quote that opens in line 5 closes the one of line 3, so that line 3 alone is broken.
    assert rows[0] == Row(2, "أول")
    assert rows[1].line == 3
    assert rows[1].text == '2,"لم يغلق'
    assert "line 3 is not CSV" in rows[1].error
    assert rows[2:] == [Row(4, "ثالث"), Row(5, "را\nبع"), Row(7, "خامس")]


def test_an_unclosed_quote_at_the_end_gives_back_what_follows(write):
    path = write("a.csv", 'id,text\n1,"لم يغلق\n2,ثان\n3,ثالث')
    rows = list(read_csv(path))
    assert [row.line for row in rows] == [2, 3, 4]
    assert [row.error is None for row in rows] == [False, True, True]
    assert [row.text for row in rows] == ['1,"لم يغلق', "ثان", "ثالث"]


def test_a_whole_article_stands_in_a_field(write):
    article = "قصفت المدفعية البلدة.\n" * 12_000  # more than the csv module's own limit
    rows = list(read_csv(write("a.csv", f'text\n"{article}"\nقصير\n')))
    assert rows == [Row(2, article), Row(12_003, "قصير")]


@pytest.mark.parametrize(
    ("name", "read", "good"),
    [("a.jsonl", read_jsonl, '{"text": "نص"}\n'), ("a.csv", read_csv, "نص\n")],
)
def test_one_wrong_byte_costs_its_row_alone(write, name, read, good):
    header = b"text\n" if name == "a.csv" else b""
    path = write(name, header + "قصف\n".encode("cp1256") + good.encode())
    bad, fine = read(path)
    assert "not UTF-8: byte 0xde" in bad.error
    bad.text.encode("utf-8")
    assert (fine.text, fine.error) == ("نص", None)


def test_utf16_is_told_as_such(write):
    with pytest.raises(DataError, match=r"is UTF-16.*iconv -f UTF-16"):
        list(read_jsonl(write("a.jsonl", '{"text": "نص"}'.encode("utf-16"))))


@pytest.mark.parametrize(
    ("content", "columns"), [("id;text\n1;ب\n", "id;text"), ("", "none"), ("id,body\n", "id, body")]
)
def test_a_missing_column_lists_those_there_are(write, content, columns):
    with pytest.raises(DataError, match=rf"no column 'text'.*: {columns}\."):
        list(read_csv(write("a.csv", content)))


def test_a_broken_header_is_an_error(write):
    with pytest.raises(DataError, match="header is not CSV"):
        list(read_csv(write("a.csv", '"text\n')))


def test_lines_are_counted(write):
    assert count_lines(write("a.jsonl", "أ\nب\n")) == 2
