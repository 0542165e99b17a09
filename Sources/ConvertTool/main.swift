import ArgumentParser
import CommandLine

ConvertCommand.launch()
